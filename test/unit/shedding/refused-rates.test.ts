import { describe, expect, it } from 'vitest';
import { RefusedRates } from '../../../src/shedding/refused-rates.js';

function observed(...counts: readonly number[]): number {
  const rates = new RefusedRates();
  for (const count of counts) rates.observe(new Map([['bulk', count]]), 1);
  return rates.of('bulk');
}

describe('RefusedRates', () => {
  it.each<[string, readonly number[], number]>([
    ['says nothing of the first look', [5_000], 0],
    ['follows what is refused', [0, 100, 200], 36],
    ['comes to what is refused in the end', Array.from({ length: 60 }, (_, n) => n * 100), 100],
    ['does not mind a counter that began anew', [900, 0, 0], 0],
  ])('%s', (_what, counts, expected) => {
    expect(observed(...counts)).toBeCloseTo(expected, 0);
  });

  it('forgets a queue of which nothing is refused any more', () => {
    expect(observed(0, 100, ...Array.from({ length: 100 }, () => 100))).toBe(0);
  });
});
