import type { StoredEntry } from '../../audit/stored-entry.js';
import { type ToldEntry, tellEntry } from '../../audit/told-entry.js';
import type { Format, Paint } from '../output.js';
import { printable, shortened } from '../wording.js';

const longestWhy = 120;
const widestDeed = 21;

/** One line for people: when, what, about what, why, who. */
export function renderEntry(entry: StoredEntry, paint: Paint): string {
  const { seq, at, what, by, why, subject, count, fence } = tellEntry(entry);
  const when = at === null ? 'at no time' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  const about = Object.values(subject).join(' ');
  const words = [
    paint('dim', `${String(seq ?? '-').padStart(6)}  ${when}`),
    paint(formatOf(what), what.padEnd(widestDeed)),
    [about, count === null ? '' : `(${count})`].filter((word) => word !== '').join(' '),
    shortened(why, longestWhy),
    paint('dim', `by ${by}${fence === null ? '' : `, epoch ${fence}`}`),
  ];
  return printable(
    words
      .filter((word) => word !== '')
      .join('  ')
      .replace(/\s*\n\s*/g, ' '),
  );
}

/** What an operator should see at once. */
const alarming = new Set([
  'breaker.open',
  'shed.begin',
  'job.poison',
  'leader.lose',
  'dead_letters.drop',
  'audit.trim',
]);

function formatOf(what: ToldEntry['what']): Format {
  if (alarming.has(what)) return 'yellow';
  return what.endsWith('.purge') ? 'red' : 'cyan';
}
