import type { DeadLetterStore } from '../../dead-letter/dead-letter-store.js';
import { type LetterGroup, LetterTally } from '../../dead-letter/group-letters.js';
import { type LetterSelection, matchesFilter } from '../../dead-letter/letter-filter.js';
import type { LetterSummary } from '../../dead-letter/record.js';

/** A letter that a command is about: as much of it as fits into memory a million times. */
export type SelectedLetter = Pick<LetterSummary, 'deadId' | 'id' | 'kind' | 'diedAt'>;

export interface Selected {
  /** The oldest first, or in the order of the ids. */
  readonly letters: readonly SelectedLetter[];
  /** Ids under which no letter lies. */
  readonly notFound: readonly string[];
  /** The same letters by their cause. */
  readonly groups: readonly LetterGroup[];
}

const pageSize = 500;
/** So many are chosen at once; beyond, the command is given again. */
const mostSelected = 1_000_000;

/** Finds the letters that are meant. Those that die from now on are not among them. */
export async function selectLetters(store: DeadLetterStore, selection: LetterSelection): Promise<Selected> {
  const tally = new LetterTally();
  const letters: SelectedLetter[] = [];
  const notFound: string[] = [];
  const take = (letter: LetterSummary) => {
    const { deadId, id, kind, diedAt } = letter;
    tally.add(letter);
    letters.push({ deadId, id, kind, diedAt });
  };
  if (selection.kind === 'ids') {
    const { ids } = selection;
    for (let from = 0; from < ids.length; from += pageSize) {
      const page = ids.slice(from, from + pageSize);
      for (const [index, letter] of (await store.summaries(page)).entries()) {
        if (letter) take(letter);
        else notFound.push(page[index] ?? '');
      }
    }
  } else {
    const { filter, limit = mostSelected } = selection;
    for await (const page of store.pages('oldest_first', pageSize)) {
      for (const letter of page) if (letters.length < limit && matchesFilter(filter, letter)) take(letter);
      if (letters.length >= limit) break;
    }
  }
  return { letters, notFound, groups: tally.groups() };
}
