import { describe, expect, it } from 'vitest';
import { inLull, isLullWorthwhile, type LullQuestion, minuteOf } from '../../../src/concurrency/lull.js';

describe('a lull', () => {
  it.each([
    [10, 1, 5],
    [5, 1, 3],
    [2, 1, 1],
    [1, 1, 1],
    [10, 8, 8],
  ])('lets, of %i and at least %i, %i jobs run', (limit, min, expected) => {
    expect(inLull(limit, min)).toBe(expected);
  });

  it.each<[string, Partial<LullQuestion>, boolean]>([
    ['its slots are in use', {}, true],
    ['there is little to do', { reason: 'no_demand' }, false],
    ['everything fails', { reason: 'failing' }, false],
    ['its jobs are long', { heldMs: 3_001 }, false],
    ['its jobs are not short, and unlike one another', { heldMs: 1_500, spread: 2.25 }, false],
    ['it may not run fewer', { min: 10 }, false],
    ['it runs one', { limit: 1 }, false],
  ])('when %s', (_when, given, expected) => {
    expect(isLullWorthwhile({ limit: 10, min: 1, heldMs: 100, spread: 1, reason: 'settled', ...given })).toBe(expected);
  });

  it('begins with each minute of the clock that all share', () => {
    expect([59_999, 60_000, 119_999, 120_000].map(minuteOf)).toEqual([0, 1, 1, 2]);
  });
});
