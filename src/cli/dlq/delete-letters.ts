import type { DeadLetterStore } from '../../dead-letter/dead-letter-store.js';
import type { SelectedLetter } from './select-letters.js';

/** So many are asked for at once: enough to fill the line to Redis. */
const batchSize = 100;

/** Deletes letters for good, and says which were no longer there, or had died again since they were chosen. */
export async function deleteLetters(
  store: Pick<DeadLetterStore, 'purge'>,
  letters: readonly SelectedLetter[],
): Promise<{ readonly deleted: readonly string[]; readonly gone: readonly string[] }> {
  const deleted: string[] = [];
  const gone: string[] = [];
  for (let from = 0; from < letters.length; from += batchSize) {
    const batch = letters.slice(from, from + batchSize);
    const replies = await Promise.all(batch.map((letter) => store.purge(letter)));
    for (const [index, { deadId }] of batch.entries()) (replies[index] === 'deleted' ? deleted : gone).push(deadId);
  }
  return { deleted, gone };
}
