import { type LetterGroup, spokenCause } from '../../dead-letter/group-letters.js';
import type { Paint } from '../output.js';
import { printable, shortened } from '../wording.js';

const causeShown = 100;

/** One line per cause, `312 x connect ECONNREFUSED smtp:25 in send-receipt since 14:02`, and below it where, why and what to do. */
export function renderGroups(groups: readonly LetterGroup[], now: number, paint: Paint): string {
  const width = Math.max(0, ...groups.map(({ count }) => String(count).length));
  return groups
    .map((group) => {
      const { count, kind, queue, reason, fingerprint, since, last, advice } = group;
      const cause = shortened(printable(spokenCause(group)).replace(/\s+/g, ' '), causeShown);
      const when = count === 1 ? `at ${moment(since, now)}` : `since ${moment(since, now)}, last ${moment(last, now)}`;
      const where = `queue ${queue}, ${reason}, fingerprint ${printable(fingerprint)}: ${advice.hint}`;
      return [
        `${paint('bold', String(count).padStart(width))} x ${cause} in ${printable(kind) || 'no kind'} ${when}`,
        `${' '.repeat(width)}   ${paint('dim', where)}`,
      ].join('\n');
    })
    .join('\n');
}

/** The time of day in UTC, with the day when it is not today's. */
function moment(at: number, now: number): string {
  const date = new Date(at);
  if (at <= 0 || Number.isNaN(date.getTime())) return 'unknown';
  const [day = '', time = ''] = date.toISOString().split('T');
  const today = new Date(now).toISOString().startsWith(day);
  return `${today ? '' : `${day} `}${time.slice(0, 5)} UTC`;
}
