import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChainVerifier } from '../../src/audit/chain-verifier.js';
import type { StoredEntry } from '../../src/audit/stored-entry.js';
import { auditChain, rewritten, trimAfter } from '../support/audit-chain.js';

/** How many breaks there are in a chain whose head says that it is as it was. */
function breaksIn(shown: readonly StoredEntry[], original: readonly StoredEntry[], entriesPerDay = 20_000): number {
  const verifier = new ChainVerifier({ entriesPerDay });
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

it('whatever is removed and said to have given way, it is found, unless it is the beginning of a day that was full', () => {
  fc.assert(
    fc.property(
      chains,
      places,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      (chain, place, count, full) => {
        const index = place % (chain.length - 1);
        const removed = chain.slice(index, Math.min(index + count, chain.length - 1));
        const [first, last] = [removed[0] as StoredEntry, removed.at(-1) as StoredEntry];
        const trim = trimAfter(chain, first.number ?? 0, last.number ?? 0);
        const shown = [...chain.toSpliced(index, removed.length), trim];
        const next = [...chain, trim][index + removed.length];
        const beginsDay = chain[index - 1]?.place !== next?.place && next?.fields['after'] === undefined;
        const followers = shown.filter(({ number = 0 }) => number > (last.number ?? 0));
        const isFull = followers.length > full - Math.max(1, Math.floor(full / 10));
        fc.pre(!(beginsDay && isFull && followers.every(({ place: day }) => day === trim.place)));
        // A first day that is gone as a whole has expired.
        fc.pre(index > 0 || next?.fields['after'] === undefined);

        expect(breaksIn(shown, [...chain, trim], full)).toBeGreaterThan(0);
      },
    ),
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
