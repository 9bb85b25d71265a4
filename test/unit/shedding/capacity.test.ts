import { describe, expect, it } from 'vitest';
import { estimateCapacity, isShowingCapacity } from '../../../src/shedding/capacity.js';

describe('estimateCapacity', () => {
  it.each<[string, number | undefined, number, boolean, number | undefined]>([
    ['knows nothing of a fleet that has completed nothing', undefined, 0, true, undefined],
    ['begins with what it sees', undefined, 40, false, 40],
    ['knows that one does nothing any more that did something', 100, 0, true, 80],
    ['keeps what was known of a fleet with little to do', 100, 20, false, 100],
    ['learns from one that does more than was known', 100, 130, false, 130],
    ['follows one that has enough to do', 100, 50, true, 90],
    ['also upwards', 100, 150, true, 110],
  ])('%s', (_what, known, completionsPerS, isBusy, expected) => {
    const capacity = estimateCapacity(known, { completionsPerS, isBusy, elapsedS: 1 });
    if (expected === undefined) expect(capacity).toBeUndefined();
    else expect(capacity).toBeCloseTo(expected);
  });
});

describe('isShowingCapacity', () => {
  it.each<[number, number | undefined, boolean]>([
    [0, undefined, false],
    [1, undefined, true],
    [25, 100, false],
    [26, 100, true],
  ])('%s jobs that wait, of %s a second: %s', (waiting, capacity, expected) => {
    expect(isShowingCapacity(waiting, capacity)).toBe(expected);
  });
});
