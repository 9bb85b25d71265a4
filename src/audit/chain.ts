import { createHash } from 'node:crypto';

/**
 * The chain: each entry of the audit stream has a number and a hash over all it says and over the hash of the entry before. Whoever
 * alters, removes, inserts or moves one breaks a hash or a number that others rest on.
 *
 * The hash is SHA-256 over the canonical form of the entry without its hash: a JSON object whose values are texts, its names sorted,
 * without white space (RFC 8785). Any language can compute it again.
 */

/** An entry as it is stored: texts by name, `seq`, `prev` and `hash` among them. */
export type ChainedFields = Readonly<Record<string, string>>;

/** Where a chain stands: the number and the hash of its last entry. */
export interface ChainPoint {
  readonly seq: number;
  readonly hash: string;
}

/** What the first entry of a chain follows. */
export const genesis: ChainPoint = { seq: 0, hash: '0'.repeat(64) };

/** Makes an entry the next one after `last`. Pure. */
export function chained(fields: ChainedFields, last: ChainPoint): ChainedFields {
  const words = Object.entries(fields).map(([name, text]) => [name, storable(text)]);
  const linked = { ...Object.fromEntries(words), seq: String(last.seq + 1), prev: last.hash };
  return { ...linked, hash: hashOf(linked) };
}

/** The hash that an entry with these fields has to have; what it says of its own hash does not count. */
export function hashOf(fields: ChainedFields): string {
  const names = Object.keys(fields).filter((name) => name !== 'hash');
  // By code units, as RFC 8785 wants it.
  const sorted = names.sort().map((name) => [name, fields[name]]);
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(sorted)))
    .digest('hex');
}

/** A text as it comes back from Redis: half a surrogate pair is not stored as such. */
function storable(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
