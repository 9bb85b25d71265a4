import type { Format, Paint } from '../output.js';
import { counted, printable, spokenDuration } from '../wording.js';
import { describeMoment } from './describe-moment.js';
import { describeNext } from './describe-next.js';
import type { Moment } from './moment.js';
import type { Trace } from './read-trace.js';

const labelWidth = 12;
/** As wide as a date. */
const timeWidth = 24;
/** Clocks that differ by less are no news. */
const tolerableSkewMs = 1_000;

/** A job, its story from top to bottom, and what happens next, as a page of text. */
export function renderTrace(trace: Trace, paint: Paint): string {
  return [
    ...renderHead(trace, paint),
    '',
    ...renderMoments(trace.moments, paint),
    '',
    ...renderNext(trace, paint),
  ].join('\n');
}

function renderHead({ job, deadId, now }: Trace, paint: Paint): string[] {
  const { meta } = job;
  const state = deadId === undefined ? job.state : 'dead-lettered';
  const steps = job.steps.map(({ name }) => name).join(', ');
  const lines: (readonly [label: string, value: string | undefined, format?: Format])[] = [
    ['job', job.id, 'bold'],
    ['queue', job.queue],
    ['kind', `${job.kind || 'none'}${meta.version === undefined ? '' : `, version ${meta.version}`}`],
    ['state', job.state === 'unknown' ? 'in no list: the job is lost' : state, 'bold'],
    [
      'counts',
      `${counted(job.attemptsMade, 'attempt')} used up, ${counted(job.starts, 'start')}, ${counted(job.crashes, 'loss', 'losses')} of its worker`,
    ],
    ['steps', steps === '' ? undefined : `${steps}: done, and not done again`],
    ['now', time(now)],
  ];
  return lines.flatMap(([label, value, format]) =>
    value === undefined ? [] : [line(paint('dim', label.padEnd(labelWidth)), oneLine(value), format, paint)],
  );
}

/** The first moment by its date, as every enqueuing; the others by how long after the first they were. */
function renderMoments(moments: readonly Moment[], paint: Paint): string[] {
  const first = moments.find(({ at }) => at !== null)?.at ?? null;
  return moments.flatMap((moment) => {
    const { text, format, below = [] } = describeMoment(moment);
    const when = spokenTime(moment, first).padStart(timeWidth);
    const indent = ' '.repeat(timeWidth + 2);
    return [
      line(`${paint('dim', when)}  `, `${oneLine(text)}${spokenSkew(moment)}`, format, paint),
      ...below.map((words) => paint('dim', `${indent}${oneLine(words)}`)),
    ];
  });
}

function renderNext({ job, deadId, now, next }: Trace, paint: Paint): string[] {
  const { id, queue, kind } = job;
  const subject = { id, queue, kind, now, ...(deadId !== undefined && { deadId }) };
  const { text, obstacles } = describeNext(next, subject);
  const indent = ' '.repeat(labelWidth);
  return [
    line(paint('dim', 'next'.padEnd(labelWidth)), oneLine(text), 'bold', paint),
    ...obstacles.map((words) => `${indent}${paint('yellow', `but ${oneLine(words)}`)}`),
  ];
}

function line(start: string, text: string, format: Format | undefined, paint: Paint): string {
  return `${start}${format === undefined ? text : paint(format, text)}`;
}

/** What comes from a job must not break its line, nor play with the terminal. */
function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}

function spokenTime({ at, what }: Moment, first: number | null): string {
  if (at === null) return '';
  return first === null || at === first || what === 'enqueued' ? time(at) : `+${spokenDuration(at - first)}`;
}

function spokenSkew({ at, saidAt }: Moment): string {
  if (at === null || saidAt === undefined || Math.abs(saidAt - at) < tolerableSkewMs) return '';
  const direction = saidAt > at ? 'ahead' : 'behind';
  return ` (by a clock that is ${spokenDuration(Math.abs(saidAt - at))} ${direction})`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
