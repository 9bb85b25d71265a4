import { chained, genesis } from '../../src/audit/chain.js';
import type { StoredEntry } from '../../src/audit/stored-entry.js';

/** A chain of entries, each under its number, so many a day. */
export function auditChain(count: number, perDay = count): StoredEntry[] {
  const entries: StoredEntry[] = [];
  let last = genesis;
  for (let number = 1; number <= count; number++) {
    const day = `202603${String(Math.ceil(number / perDay)).padStart(2, '0')}`;
    const begins = number > 1 && (number - 1) % perDay === 0 ? { after: 'the day before' } : {};
    const fields = chained(
      { ...begins, v: '2', by: 'ada@host', what: 'queue.pause', queue: 'email', why: `reason ${number}` },
      last,
    );
    last = { seq: number, hash: fields['hash'] ?? '' };
    entries.push({ place: day, number, fields });
  }
  return entries;
}

/** The same entry with another field, and a hash that is right for it. */
export function rewritten({ place, number, fields }: StoredEntry, change: Record<string, string>): StoredEntry {
  const { seq, prev, hash, ...words } = fields;
  const last = { seq: Number(seq) - 1, hash: prev ?? '' };
  return { place, number, fields: chained({ ...words, ...change }, last) };
}

/** The entry that follows on these, on the same day, and says that others gave way. */
export function trimAfter(entries: readonly StoredEntry[], from: number, through: number): StoredEntry {
  const last = entries.at(-1);
  const number = (last?.number ?? 0) + 1;
  const details = JSON.stringify({ day: last?.place, from, through });
  const fields = chained(
    { v: '2', by: 'sup-1', what: 'audit.trim', why: 'full', details },
    { seq: number - 1, hash: last?.fields['hash'] ?? '' },
  );
  return { place: last?.place ?? '', number, fields };
}
