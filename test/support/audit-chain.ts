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
