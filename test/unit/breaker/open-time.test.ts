import { describe, expect, it } from 'vitest';
import { openTimeMs } from '../../../src/breaker/open-time.js';

const policy = { openForMs: 2_000, openAtMostMs: 10_000 };
const middle = 0.5;

describe('openTimeMs', () => {
  it.each([
    [0, 2_000],
    [1, 2_000],
    [2, 4_000],
    [3, 8_000],
    [4, 10_000],
    [5_000, 10_000],
  ])('after %i openings in a row is %i ms: doubled each time, up to the most', (openings, ms) => {
    expect(openTimeMs(policy, openings, middle)).toBe(ms);
  });

  it.each([
    [0, 1_600],
    [0.25, 1_800],
    [0.999_999, 2_400],
  ])('with the random number %f is %i ms: up to a fifth shorter or longer', (random, ms) => {
    expect(openTimeMs(policy, 1, random)).toBe(ms);
  });

  it('is never longer than the most, jitter and all', () => {
    expect(openTimeMs(policy, 9, 0.999_999)).toBe(10_000);
  });

  it.each([
    ['raised to what the dependency asked for', 120_000, 120_000],
    ['left alone by a shorter wish', 10, 2_000],
    ['held to fifteen minutes whatever it asks for', 86_400_000, 900_000],
  ])('is %s', (_what, retryAfterMs, ms) => {
    expect(openTimeMs(policy, 1, middle, retryAfterMs)).toBe(ms);
  });
});
