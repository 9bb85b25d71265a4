import { describe, expect, it } from 'vitest';
import { Spread } from '../../../src/concurrency/spread.js';

function add(spread: Spread, times: readonly number[], rounds = 100): Spread {
  for (let round = 0; round < rounds; round++) for (const each of times) spread.add(each);
  return spread;
}

describe('how unlike jobs are', () => {
  it.each([
    ['that all take the same', [1, 1], 0],
    ['of which half take three times as long', [0.5, 1.5], 0.25],
    ['of which one in ten takes eleven times as long', [...new Array<number>(9).fill(0.5), 5.5], 2.25],
  ])('of jobs %s', (_which, times, expected) => {
    expect(add(new Spread(), times).value).toBeCloseTo(expected);
  });

  it('stays when all of them get slow', () => {
    expect(add(new Spread(), [1.5, 4.5]).value).toBeCloseTo(0.25);
  });

  it('remembers the rare long job through a window that has none', () => {
    const spread = add(new Spread(), [0.5, 1.5]);
    spread.close(1);

    expect(add(spread, [0.5]).value).toBeCloseTo(0.125);
  });

  it('learns nothing lasting from a window of few jobs', () => {
    const spread = add(new Spread(), [1], 10);
    spread.close(11);

    expect(add(spread, [0.5, 1.5]).value).toBeCloseTo(0.25);
  });
});
