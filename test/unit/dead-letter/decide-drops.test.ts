import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decideDrops, type RetentionPolicy } from '../../../src/dead-letter/decide-drops.js';
import type { EpochMs } from '../../../src/time/duration.js';

const now = 1_000 as EpochMs;
const died = (...times: number[]) => times.map((diedAt) => ({ deadId: `at-${diedAt}`, diedAt: diedAt as EpochMs }));

it.each<[string, number[], number, RetentionPolicy, object]>([
  ['none when there is no limit', [1, 2], 2, { keepMs: false, keepCount: false }, {}],
  ['none when all are young and few', [950, 960], 2, { keepMs: 100, keepCount: 2 }, {}],
  ['those that are too old', [1, 899, 900, 950], 4, { keepMs: 100, keepCount: false }, { age: [1, 899] }],
  ['the oldest of too many', [950, 960, 970], 3, { keepMs: 100, keepCount: 2 }, { count: [950] }],
  ['of too many, those that are old anyway first', [1, 950, 960], 3, { keepMs: 100, keepCount: 2 }, { age: [1] }],
  ['both', [1, 950, 960, 970], 4, { keepMs: 100, keepCount: 2 }, { age: [1], count: [950] }],
  ['as many as there are in the page', [950, 960], 1_000, { keepMs: false, keepCount: 1 }, { count: [950, 960] }],
  ['none for its age that has no moment', [0], 1, { keepMs: 100, keepCount: 1 }, {}],
  ['one that has no moment among too many', [0, 990], 2, { keepMs: 100, keepCount: 1 }, { count: [0] }],
])('drops %s', (_what, times, count, policy, expected) => {
  const drops = decideDrops(died(...times), count, policy, now);

  expect(Object.fromEntries(drops.map(({ reason, letters }) => [reason, letters.map(({ diedAt }) => diedAt)]))).toEqual(
    expected,
  );
});

it('for any queue, keeps what the limits allow, and drops none twice', () => {
  const times = fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 30 });
  const policies = fc.record({ keepMs: fc.integer({ min: 1, max: 500 }), keepCount: fc.integer({ min: 1, max: 30 }) });
  fc.assert(
    fc.property(times, policies, (unsorted, policy) => {
      const letters = unsorted
        .sort((a, b) => a - b)
        .map((diedAt, n) => ({ deadId: `${n}`, diedAt: diedAt as EpochMs }));

      const drops = decideDrops(letters, letters.length, policy, now);

      const dropped = drops.flatMap((drop) => drop.letters.map(({ deadId }) => deadId));
      const kept = letters.filter(({ deadId }) => !dropped.includes(deadId));
      expect(new Set(dropped).size).toBe(dropped.length);
      expect(dropped).toEqual(letters.slice(0, dropped.length).map(({ deadId }) => deadId));
      expect(kept.length).toBeLessThanOrEqual(policy.keepCount);
      expect(kept.every(({ diedAt }) => now - diedAt <= policy.keepMs)).toBe(true);
      const young = letters.filter(({ diedAt }) => now - diedAt <= policy.keepMs);
      expect(kept.length).toBe(Math.min(young.length, policy.keepCount));
    }),
  );
});
