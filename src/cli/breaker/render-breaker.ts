import type { EpochMs } from '../../time/duration.js';
import { moment } from '../jobs/page.js';
import type { Paint } from '../output.js';
import { counted, printable, spokenDuration } from '../wording.js';
import { nextOf, phaseFormats, phaseWords, whyOf } from './describe-breaker.js';
import type { BreakerView } from './read-breakers.js';

const labelWidth = 12;

/** One breaker as a page of text. */
export function renderBreaker(breaker: BreakerView, now: EpochMs, paint: Paint): string {
  const { name, phase, since, until, openings, callsPerSecond, callers, generation, parked } = breaker;
  const aside = Object.entries(parked).map(([queue, count]) => `${counted(count, 'job')} of ${queue}`);
  const lines: (readonly [label: string, value: string])[] = [
    ['breaker', paint('bold', printable(name))],
    [
      'state',
      `${paint(phaseFormats[phase], phaseWords[phase])} since ${moment(since)}, ${spokenDuration(now - since)}`,
    ],
    ['why', printable(whyOf(breaker))],
    ...(until === undefined ? [] : [['until', moment(until)] as const]),
    ...(nextOf(breaker, now) === '' ? [] : [['next', nextOf(breaker, now)] as const]),
    ['openings', openings < 2 ? (openings === 0 ? 'none lately' : 'once') : `${openings} times in a row`],
    [
      'load',
      callers === 0 ? 'not known' : `${spokenRate(callsPerSecond)} of ${counted(callers, 'worker')} before it opened`,
    ],
    ['set aside', aside.length === 0 ? 'no jobs' : printable(aside.join(', '))],
    ['generation', String(generation)],
  ];
  return lines.map(([label, value]) => `${paint('dim', label.padEnd(labelWidth))}${value}`).join('\n');
}

function spokenRate(callsPerSecond: number): string {
  return `${callsPerSecond < 10 ? Number(callsPerSecond.toFixed(1)) : Math.round(callsPerSecond)} calls a second`;
}
