import type { DeadLetterStore } from '../../dead-letter/dead-letter-store.js';
import type { LetterArchive } from '../../dead-letter/letter-archive.js';
import { type LetterSelection, matchesFilter } from '../../dead-letter/letter-filter.js';
import { encodeLetter } from '../../dead-letter/letter-line.js';
import type { LetterSummary } from '../../dead-letter/record.js';

const pageSize = 500;
/** Whole letters are in memory meanwhile, and each may be of megabytes. */
const readAtOnce = 10;

/** Takes the next lines; false when nobody wants more. */
export type TakeLines = (lines: string) => Promise<boolean>;

/** Writes letters as lines, the oldest first, and answers how many. Never holds more than a few of them. */
export async function exportLetters(
  store: DeadLetterStore,
  archive: LetterArchive,
  selection: LetterSelection,
  take: TakeLines,
): Promise<number> {
  let written = 0;
  for await (const page of chosenPages(store, selection)) {
    for (let from = 0; from < page.length; from += readAtOnce) {
      const letters = await Promise.all(page.slice(from, from + readAtOnce).map((letter) => archive.read(letter)));
      const lines = letters.filter((letter) => letter !== undefined).map((letter) => `${encodeLetter(letter)}\n`);
      written += lines.length;
      if (lines.length > 0 && !(await take(lines.join('')))) return written;
    }
  }
  return written;
}

async function* chosenPages(store: DeadLetterStore, selection: LetterSelection): AsyncGenerator<LetterSummary[]> {
  if (selection.kind === 'ids') {
    for (let from = 0; from < selection.ids.length; from += pageSize) {
      yield (await store.summaries(selection.ids.slice(from, from + pageSize))).filter(
        (letter) => letter !== undefined,
      );
    }
    return;
  }
  let left = selection.limit ?? Number.POSITIVE_INFINITY;
  for await (const page of store.pages('oldest_first', pageSize)) {
    const matches = page.filter((letter) => matchesFilter(selection.filter, letter)).slice(0, left);
    yield matches;
    left -= matches.length;
    if (left <= 0) return;
  }
}
