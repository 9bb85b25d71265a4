import type { DeadLetterStore } from '../../dead-letter/dead-letter-store.js';
import { type LetterGroup, LetterTally } from '../../dead-letter/group-letters.js';
import { isOpen, type LetterFilter, matchesFilter } from '../../dead-letter/letter-filter.js';
import type { DeadLetter, LetterSummary } from '../../dead-letter/record.js';

/** How many letters there are, and how many of them were looked at: the newest of each queue, within a bound. */
export interface Looked {
  readonly total: number;
  readonly read: number;
  /** How many of those that were read the filter lets through. */
  readonly matching: number;
}

export interface ListedLetters extends Looked {
  readonly letters: readonly DeadLetter[];
}

export interface GroupedLetters extends Looked {
  readonly groups: readonly LetterGroup[];
}

const pageSize = 500;

/** The newest letters that a filter lets through, whole. Looks at the `most` newest of each queue. */
export async function listLetters(
  stores: readonly DeadLetterStore[],
  filter: LetterFilter,
  limit: number,
  most: number,
): Promise<ListedLetters> {
  const counts = await Promise.all(stores.map((store) => store.count()));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const found: { readonly store: DeadLetterStore; readonly letter: LetterSummary }[] = [];
  let read = 0;
  let matching = 0;
  for (const store of stores) {
    let room = limit;
    for await (const page of newestPages(store, isOpen(filter) ? Math.min(limit, most) : most)) {
      read += page.length;
      const matches = page.filter((letter) => matchesFilter(filter, letter));
      matching += matches.length;
      found.push(...matches.slice(0, room).map((letter) => ({ store, letter })));
      room -= Math.min(room, matches.length);
    }
  }
  found.sort((a, b) => b.letter.diedAt - a.letter.diedAt);
  const letters = await Promise.all(found.slice(0, limit).map(({ store, letter }) => store.get(letter.deadId)));
  return {
    total,
    read,
    matching: isOpen(filter) ? total : matching,
    letters: letters.filter((letter) => letter !== undefined),
  };
}

/** The causes of the letters that a filter lets through, most first. Looks at the `most` newest of each queue. */
export async function groupLetters(
  stores: readonly DeadLetterStore[],
  filter: LetterFilter,
  most: number,
): Promise<GroupedLetters> {
  const counts = await Promise.all(stores.map((store) => store.count()));
  const tally = new LetterTally();
  let read = 0;
  for (const store of stores) {
    for await (const page of newestPages(store, most)) {
      read += page.length;
      for (const letter of page) if (matchesFilter(filter, letter)) tally.add(letter);
    }
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return { total, read, matching: tally.count, groups: tally.groups() };
}

/** The newest letters, page by page, at most so many. */
async function* newestPages(store: DeadLetterStore, most: number): AsyncGenerator<LetterSummary[]> {
  let left = most;
  for await (const page of store.pages('newest_first', Math.min(pageSize, most))) {
    yield page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}
