import type { DeadLetterStore } from '../../dead-letter/dead-letter-store.js';
import { UsageError } from '../usage-error.js';

/** Which dead letters a command is about, as its arguments say. */
export interface Selection {
  readonly ids: readonly string[];
  readonly all?: true;
  readonly limit?: number;
}

const pageSize = 1_000;

/**
 * Says which dead letters are meant: the named ones, all, or the `limit` oldest. Never all of them by accident.
 *
 * @returns ids in the dead-letter queue, the oldest first
 * @throws UsageError when nothing or two different things were said.
 */
export async function selectLetters(letters: DeadLetterStore, { ids, all, limit }: Selection): Promise<string[]> {
  if (ids.length > 0 && (all || limit !== undefined)) {
    throw new UsageError('give ids, or --all, or --limit: not ids together with one of the others');
  }
  if (ids.length > 0) return [...new Set(ids)];
  if (!all && limit === undefined)
    throw new UsageError('say which dead letters: their ids, --all, or --limit <n> for the oldest');
  const found = new Set<string>();
  const total = await letters.count();
  // Pages shift when letters come meanwhile: one may be seen twice, none is missed. New ones are not waited for.
  for (let offset = 0; offset < total; offset += pageSize) {
    for (const id of await letters.ids(offset, pageSize)) found.add(id);
  }
  return [...found].reverse().slice(0, limit);
}
