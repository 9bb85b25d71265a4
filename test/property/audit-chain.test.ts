import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChainVerifier } from '../../src/audit/chain-verifier.js';
import type { StoredEntry } from '../../src/audit/stored-entry.js';
import { auditChain, rewritten } from '../support/audit-chain.js';

/** How many breaks there are in a chain whose head says that it is as it was. */
function breaksIn(shown: readonly StoredEntry[], original: readonly StoredEntry[]): number {
  const verifier = new ChainVerifier();
  for (const entry of shown) verifier.add(entry);
  const last = original.at(-1);
  verifier.expectEnd({ seq: last?.number ?? 0, hash: last?.fields['hash'] ?? '' }, 'head');
  return verifier.report().broken;
}

const chains = fc
  .tuple(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 5 }))
  .map(([count, perDay]) => auditChain(count, perDay));
const places = fc.nat({ max: 1_000 });
const names = fc.constantFrom('by', 'what', 'queue', 'why', 'seq', 'prev', 'hash', 'new');

it('a chain that nobody touched holds', () => {
  fc.assert(fc.property(chains, (chain) => breaksIn(chain, chain) === 0));
});

it('whichever field of whichever entry is altered, it is found', () => {
  fc.assert(
    fc.property(chains, places, names, fc.string(), (chain, place, name, text) => {
      const index = place % chain.length;
      const entry = chain[index] as StoredEntry;
      fc.pre(entry.fields[name] !== text);

      const altered = chain.with(index, { ...entry, fields: { ...entry.fields, [name]: text } });

      expect(breaksIn(altered, chain)).toBeGreaterThan(0);
    }),
  );
});

it('whichever entry is written anew, with a hash that is right, it is found', () => {
  fc.assert(
    fc.property(chains, places, fc.string({ minLength: 1 }), (chain, place, why) => {
      const index = place % chain.length;

      const forged = chain.with(index, rewritten(chain[index] as StoredEntry, { why: `${why}!` }));

      expect(breaksIn(forged, chain)).toBeGreaterThan(0);
    }),
  );
});

it('whichever entries are removed, it is found, unless whole days go from the beginning', () => {
  fc.assert(
    fc.property(chains, places, fc.integer({ min: 1, max: 4 }), (chain, place, count) => {
      const from = place % chain.length;
      const next = chain[from + count];
      fc.pre(from > 0 || next === undefined || next.fields['after'] === undefined);

      expect(breaksIn(chain.toSpliced(from, count), chain)).toBeGreaterThan(0);
    }),
  );
});

it('wherever an entry is inserted, it is found', () => {
  fc.assert(
    fc.property(chains, places, places, fc.boolean(), (chain, place, source, isNumbered) => {
      const index = place % (chain.length + 1);
      const copied = chain[source % chain.length] as StoredEntry;
      const inserted = isNumbered ? copied : { ...copied, number: undefined };

      expect(breaksIn(chain.toSpliced(index, 0, inserted), chain)).toBeGreaterThan(0);
    }),
  );
});

it('whichever two entries change places, it is found', () => {
  fc.assert(
    fc.property(chains, places, places, fc.boolean(), (chain, one, other, keepsNumbers) => {
      const [a, b] = [one % chain.length, other % chain.length];
      fc.pre(a !== b);
      const [first, second] = [chain[a] as StoredEntry, chain[b] as StoredEntry];
      const numbered = (entry: StoredEntry, place: StoredEntry) =>
        keepsNumbers ? { ...entry, number: place.number } : entry;

      const shown = chain.with(a, numbered(second, first)).with(b, numbered(first, second));

      expect(breaksIn(shown, chain)).toBeGreaterThan(0);
    }),
  );
});
