import type { EpochMs } from '../time/duration.js';
import type { LetterEntry } from './letter-pages.js';

/** How long letters are kept, and how many of a queue. `false`: without that limit. */
export interface RetentionPolicy {
  readonly keepMs: number | false;
  readonly keepCount: number | false;
}

/** Why letters are dropped: they are too old, or there are too many. */
export type DropReason = 'age' | 'count';

/** Letters to drop for one reason, the oldest first. */
export interface Drop {
  readonly reason: DropReason;
  readonly letters: readonly LetterEntry[];
}

/**
 * Decides which letters of a queue are dropped. Pure.
 *
 * @param oldest the oldest letters of the queue, the oldest first
 * @param count how many it has in all
 */
export function decideDrops(
  oldest: readonly LetterEntry[],
  count: number,
  { keepMs, keepCount }: RetentionPolicy,
  now: EpochMs,
): Drop[] {
  // Of one whose death has no moment nobody can say that it is old; it counts like the others.
  const tooOld = ({ diedAt }: LetterEntry) => keepMs !== false && diedAt > 0 && now - diedAt > keepMs;
  const excess = keepCount === false ? 0 : Math.max(0, count - keepCount);
  const byAge = oldest.filter(tooOld);
  // Those that go for their age make room, too.
  const byCount = oldest.filter((letter) => !tooOld(letter)).slice(0, Math.max(0, excess - byAge.length));
  return [
    { reason: 'age' as const, letters: byAge },
    { reason: 'count' as const, letters: byCount },
  ].filter(({ letters }) => letters.length > 0);
}
