import type { RedisClient } from '../redis/connection.js';
import type { EpochMs } from '../time/duration.js';

/** One entry of a dead-letter queue. */
export interface LetterEntry {
  readonly deadId: string;
  /** The score, which anybody may have written. */
  readonly diedAt: EpochMs;
}

export interface LetterPagesOptions {
  /** The zset of the dead letters. */
  readonly key: string;
  readonly order: 'oldest_first' | 'newest_first';
  readonly size: number;
}

/**
 * Goes through the dead letters of a queue, page by page. Letters may come and go meanwhile: each that is there from the first page to the
 * last is given once, and those that die after the first page are not waited for.
 *
 * Each page begins at the score where the one before ended, and not at a position, which shifts with every letter that leaves.
 */
export async function* letterPages(client: RedisClient, options: LetterPagesOptions): AsyncGenerator<LetterEntry[]> {
  const { key, order, size } = options;
  const oldestFirst = order === 'oldest_first';
  const [, newest] = await client.zrevrange(key, 0, 0, 'WITHSCORES');
  if (newest === undefined) return;
  let from = oldestFirst ? '-inf' : newest;
  /** Those at the score where the last page ended. */
  let seen = new Set<string>();
  for (;;) {
    const count = size + seen.size;
    const words = oldestFirst
      ? await client.zrangebyscore(key, from, newest, 'WITHSCORES', 'LIMIT', 0, count)
      : await client.zrevrangebyscore(key, from, '-inf', 'WITHSCORES', 'LIMIT', 0, count);
    const found = pairs(words).filter(({ deadId }) => !seen.has(deadId));
    if (found.length > 0) yield found.map(({ deadId, score }) => ({ deadId, diedAt: momentOf(score) }));
    if (words.length < 2 * count) return;
    const last = words.at(-1) ?? from;
    const atLast = found.filter(({ score }) => score === last).map(({ deadId }) => deadId);
    seen = last === from ? new Set([...seen, ...atLast]) : new Set(atLast);
    from = last;
  }
}

/** The oldest dead letters of a queue, the oldest first. */
export async function oldestLetters(client: RedisClient, key: string, most: number): Promise<LetterEntry[]> {
  const words = await client.zrangebyscore(key, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, most);
  return pairs(words).map(({ deadId, score }) => ({ deadId, diedAt: momentOf(score) }));
}

function pairs(words: readonly string[]): { readonly deadId: string; readonly score: string }[] {
  return Array.from({ length: words.length / 2 }, (_, index) => ({
    deadId: words[2 * index] ?? '',
    score: words[2 * index + 1] ?? '',
  }));
}

/** Reads a score that anybody may have written: it need not be a moment, but it tells one death from another. */
export function momentOf(score: string): EpochMs {
  const at = Number(score.replace('inf', 'Infinity'));
  return (Number.isNaN(at) ? 0 : at) as EpochMs;
}
