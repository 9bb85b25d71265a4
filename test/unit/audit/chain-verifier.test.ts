import { describe, expect, it } from 'vitest';
import { chained, genesis } from '../../../src/audit/chain.js';
import { type ChainReport, ChainVerifier, type ChainVerifierOptions } from '../../../src/audit/chain-verifier.js';
import type { StoredEntry } from '../../../src/audit/stored-entry.js';
import { auditChain, rewritten, trimAfter } from '../../support/audit-chain.js';

function verify(entries: readonly StoredEntry[], options?: ChainVerifierOptions): ChainReport {
  const verifier = new ChainVerifier(options);
  for (const entry of entries) verifier.add(entry);
  return verifier.report();
}

const found = (report: ChainReport) => report.breaks.map(({ kind, seq }) => [kind, seq]);
const at = (entries: readonly StoredEntry[], index: number): StoredEntry =>
  entries.at(index) ?? expect.fail('too short');

describe('a chain as it was written', () => {
  it('holds, over the border of days too', () => {
    const entries = auditChain(9, 4);

    expect(verify(entries)).toMatchObject({ sound: 9, broken: 0, breaks: [], gone: 0, trimmed: 0 });
  });

  it('holds when its beginning has expired', () => {
    expect(verify(auditChain(9, 4).slice(4))).toMatchObject({ sound: 5, broken: 0, gone: 4 });
  });

  it('holds as a part that somebody chose', () => {
    expect(verify(auditChain(9, 4).slice(2), { isPart: true })).toMatchObject({ sound: 7, broken: 0, gone: 2 });
  });

  it('holds when entries gave way at the bound, and it says so', () => {
    const entries = auditChain(20, 10);
    const left = [...entries.toSpliced(10, 1), trimAfter(entries, 11, 11)];

    expect(verify(left, { entriesPerDay: 10 })).toMatchObject({ sound: 20, broken: 0, trimmed: 1 });
    expect(verify(left.slice(10), { entriesPerDay: 10 })).toMatchObject({ sound: 10, broken: 0, gone: 11 });
  });

  it('counts what was there before the chain, and does not judge it', () => {
    const old = { place: '20260301', number: 1795252393750, fields: { what: 'breaker.open' } };

    expect(verify([old, ...auditChain(2)])).toMatchObject({ sound: 2, unchained: 1, broken: 0 });
  });
});

describe('an entry that says that others gave way', () => {
  const entries = auditChain(20, 10);
  const shown = (from: number, through: number) => [
    ...entries.filter(({ number = 0 }) => number < from || number > through),
    trimAfter(entries, from, through),
  ];

  it.each<[string, readonly StoredEntry[], ChainVerifierOptions, [string, number][]]>([
    ['the midst of a day', shown(14, 16), {}, [['removed', 14]]],
    ['the midst of a day that was full', shown(12, 12), { entriesPerDay: 5 }, [['removed', 12]]],
    ['the beginning of a day that was not full', shown(11, 12), { entriesPerDay: 10 }, [['removed', 11]]],
    ['another day', shown(1, 1), { entriesPerDay: 5 }, [['removed', 1]]],
    ['the end of the day before, too', shown(9, 11), { entriesPerDay: 1_000 }, [['removed', 9]]],
    [
      'more than another one says',
      [...shown(9, 11), trimAfter(shown(9, 11), 11, 11)],
      { entriesPerDay: 10 },
      [['removed', 9]],
    ],
    ['a part of a file that was not full', shown(14, 16), { isPart: true }, [['removed', 14]]],
  ])('hides nothing where it is about %s', (_what, left, options, expected) => {
    expect(found(verify(left, options))).toEqual(expected);
  });

  it('is believed of a file that was begun before they gave way', () => {
    expect(verify(shown(13, 13), { isPart: true, entriesPerDay: 5 })).toMatchObject({ broken: 0, trimmed: 1 });
  });
});

describe('a break', () => {
  const entries = auditChain(6, 3);

  it.each<[string, readonly StoredEntry[], [string, number | null][]]>([
    [
      'an entry that says something else',
      entries.with(2, { ...at(entries, 2), fields: { ...at(entries, 2).fields, by: 'eve' } }),
      [['altered', 3]],
    ],
    [
      'an entry that was written anew, with a hash that is right',
      entries.with(2, rewritten(at(entries, 2), { by: 'eve' })),
      [['unlinked', 4]],
    ],
    ['the beginning of a day that is gone', entries.slice(1), [['removed', 1]]],
    ['an entry that is gone', entries.toSpliced(1, 1), [['removed', 2]]],
    [
      'the beginning of a day that lies in the day before',
      entries.map((e) => ({ ...e, place: '20260301' })),
      [['misplaced', 4]],
    ],
    ['a day that is gone', [...auditChain(9, 3).slice(0, 3), ...auditChain(9, 3).slice(6)], [['removed', 4]]],
    [
      'two entries that changed places',
      entries.with(1, { ...at(entries, 2), number: 2 }).with(2, { ...at(entries, 1), number: 3 }),
      [
        ['misplaced', 2],
        ['misplaced', 3],
      ],
    ],
    [
      'an entry that was added, under no number of ours',
      entries.toSpliced(3, 0, { ...at(entries, 2), number: undefined }),
      [['inserted', null]],
    ],
    [
      'an entry that was added without a hash',
      entries.toSpliced(3, 0, { place: 'x', number: 4, fields: { what: 'x' } }),
      [['inserted', 4]],
    ],
    ['a chain that was begun anew', [...entries, ...auditChain(2)], [['begun_anew', 1]]],
    ['a name that an entry has twice', entries.with(4, { ...at(entries, 4), twice: 'by' }), [['altered', 5]]],
    [
      'a first entry that denies the ones before',
      [rewritten(at(auditChain(1), 0), {})].map((e) => ({
        ...e,
        fields: chained({ what: 'x' }, { seq: 0, hash: 'f'.repeat(64) }),
      })),
      [['unlinked', 1]],
    ],
  ])('is %s', (_what, shown, expected) => {
    expect(found(verify(shown))).toEqual(expected);
  });

  it('is an end that is not where the head says', () => {
    const ends = [
      { seq: 8, hash: 'h' },
      { seq: 4, hash: 'h' },
      { seq: 6, hash: 'h' },
    ].map((end) => {
      const verifier = new ChainVerifier();
      for (const entry of entries) verifier.add(entry);
      verifier.expectEnd(end, 'head');
      return found(verifier.report());
    });

    expect(ends).toEqual([[['removed', 7]], [['inserted', 5]], [['altered', 6]]]);
  });

  it('is a whole chain that was written anew, where a hash of it was kept elsewhere', () => {
    const kept = { seq: 4, hash: at(entries, 3).fields['hash'] ?? '' };
    let last = genesis;
    const forged = entries.map(({ place, number, fields }) => {
      const { prev, hash, seq, ...words } = fields;
      const anew = chained({ ...words, by: 'eve' }, last);
      last = { seq: number ?? 0, hash: anew['hash'] ?? '' };
      return { place, number, fields: anew };
    });

    expect(verify(forged).broken).toBe(0);
    expect(found(verify(forged, { kept: [kept] }))).toEqual([['altered', 4]]);
    expect(verify(entries, { kept: [kept] }).broken).toBe(0);
    expect(found(verify(entries.slice(0, 2), { kept: [kept] }))).toEqual([['removed', 4]]);
  });
});
