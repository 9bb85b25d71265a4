import { describe, expect, it } from 'vitest';
import { decideReturnRate, type ReadmissionInput } from '../../../src/shedding/readmission.js';

const calm: ReadmissionInput = { share: 0, waitRatio: 0, targetRatio: 0.33, capacityPerS: 100, elapsedS: 1 };
const shedding: ReadmissionInput = { ...calm, share: 0.3 };

describe('the pace of what comes back', () => {
  it.each<[string, number, ReadmissionInput, number]>([
    ['begins with a fiftieth of what can be done', 0, calm, 2],
    ['begins with one a second where nobody has worked yet', 0, { ...calm, capacityPerS: 0 }, 1],
    ['grows by a tenth a second while waits are short', 50, calm, 55],
    ['stays as it is while waits are longer', 50, { ...calm, waitRatio: 0.2 }, 50],
    ['is halved when they are too long', 50, { ...calm, waitRatio: 0.4 }, 25],
    ['is never more than twice of what can be done', 200, calm, 200],
    ['begins also while others give way', 0, shedding, 2],
    ['does not end while others give way, whose controller holds waits long', 2, { ...shedding, waitRatio: 0.4 }, 2],
    ['is a fifth of what can be done at most while others give way', 100, shedding, 20],
  ])('%s', (_title, rate, input, expected) => {
    expect(decideReturnRate(rate, input)).toBeCloseTo(expected);
  });
});
