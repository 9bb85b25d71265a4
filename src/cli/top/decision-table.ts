import type { RecentEntry } from '../../audit/recent-entries.js';
import type { Paint } from '../output.js';
import { spokenDuration } from '../wording.js';
import { fitTable } from './fit-table.js';
import type { Line } from './line.js';

/** What was decided or done last, the newest first. */
export function decisionTable(
  decisions: readonly RecentEntry[],
  now: number,
  title: string,
  width: number,
  paint: Paint,
): Line[] {
  return fitTable<RecentEntry>(
    [
      { title, rank: 0, atLeast: 14, value: whatOf },
      { title: 'AGO', rank: 0, align: 'right', value: ({ at }) => spokenDuration(Math.max(0, now - at)) },
      { title: 'WHY', rank: 1, atLeast: 12, value: ({ why }) => why || '-' },
      { title: 'BY', rank: 2, atLeast: 10, value: ({ by }) => by },
    ],
    decisions,
    width,
    paint,
  );
}

/** `breaker.open smtp`, `dead_letters.redrive email (12)`. */
function whatOf({ what, subject, count }: RecentEntry): string {
  return [what, ...(subject === null ? [] : [subject]), ...(count === null ? [] : [`(${count})`])].join(' ');
}
