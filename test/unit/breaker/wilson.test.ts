import { describe, expect, it } from 'vitest';
import { wilsonLowerBound } from '../../../src/breaker/wilson.js';

describe('wilsonLowerBound', () => {
  it.each([
    [0, 10, 0],
    [5, 10, 0.237],
    [4, 4, 0.51],
    [5, 5, 0.566],
    [10, 10, 0.722],
    [60, 100, 0.502],
  ])('of %i of %i is %f', (hits, calls, bound) => {
    expect(wilsonLowerBound(hits, calls)).toBeCloseTo(bound, 3);
  });

  it.each([
    [4, 4],
    [5, 5],
    [6, 6],
    [7, 8],
    [9, 10],
    [12, 15],
    [15, 20],
    [21, 30],
    [32, 50],
    [60, 100],
  ])('needs %i of %i to be sure that it is more than half', (hits, calls) => {
    expect(wilsonLowerBound(hits, calls)).toBeGreaterThan(0.5);
    expect(wilsonLowerBound(hits - 1, calls)).toBeLessThanOrEqual(0.5);
  });

  it('of no calls at all is nothing', () => {
    expect(wilsonLowerBound(0, 0)).toBe(0);
  });
});
