import { nextOf, phaseFormats, phaseWords, whyOf } from '../breaker/describe-breaker.js';
import type { Paint } from '../output.js';
import { spokenDuration } from '../wording.js';
import { shortCount } from './counts.js';
import { fitTable } from './fit-table.js';
import type { Line } from './line.js';
import type { TopBreaker } from './picture.js';

/** The breakers that hold something back, and those that closed a short while ago. */
export function breakerTable(
  breakers: readonly TopBreaker[],
  now: number,
  title: string,
  width: number,
  paint: Paint,
): Line[] {
  return fitTable<TopBreaker>(
    [
      { title, rank: 0, atLeast: 10, value: ({ state }) => state.name },
      {
        title: 'STATE',
        rank: 0,
        value: ({ state }) => phaseWords[state.phase],
        format: ({ state }) => phaseFormats[state.phase],
      },
      { title: 'FOR', rank: 0, align: 'right', value: ({ state }) => spokenDuration(now - state.since) },
      {
        title: 'SET ASIDE',
        rank: 1,
        align: 'right',
        value: ({ setAside }) => (setAside === null ? '-' : shortCount(setAside)),
      },
      { title: 'WHY', rank: 2, atLeast: 12, value: ({ state }) => whyOf(state) },
      { title: 'NEXT', rank: 3, atLeast: 12, value: ({ state }) => nextOf(state, now) || '-' },
    ],
    breakers,
    width,
    paint,
  );
}
