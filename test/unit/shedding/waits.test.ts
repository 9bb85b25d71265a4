import { describe, expect, it } from 'vitest';
import { predictWaits, predictWaitsSoon, type QueueLoad, worstWait } from '../../../src/shedding/waits.js';

function load(overrides: Partial<QueueLoad> = {}): QueueLoad {
  return {
    queue: 'pay',
    criticality: 'critical',
    sloMs: 30_000,
    waiting: 0,
    oldestAgeMs: 0,
    completionsPerS: 100,
    growthPerS: 0,
    ...overrides,
  };
}

describe('predictWaits', () => {
  it('takes what waits over how fast it is done', () => {
    expect(predictWaits([load({ waiting: 300 })]).critical).toBeCloseTo(0.1);
  });

  it('counts what waits in front', () => {
    const ahead = load({ queue: 'alarm', criticality: 'critical_plus', waiting: 600, completionsPerS: 0 });

    expect(predictWaits([load({ waiting: 300 }), ahead]).critical).toBeCloseTo(0.3);
  });

  it('believes the oldest job where that has waited longer', () => {
    expect(predictWaits([load({ waiting: 1, oldestAgeMs: 15_000 })]).critical).toBeCloseTo(0.5);
  });

  it('says of a class in which nothing waits that it does not wait', () => {
    const ahead = load({ criticality: 'critical_plus', waiting: 600 });

    expect(predictWaits([load(), ahead]).critical).toBe(0);
  });

  it('measures each queue by its own promise', () => {
    const queues = [load({ waiting: 100, sloMs: 10_000 }), load({ waiting: 100, sloMs: 100_000 })];

    expect(predictWaits(queues).critical).toBeCloseTo(0.1);
  });

  it('predicts a number also where nothing is done', () => {
    expect(predictWaits([load({ waiting: 30, completionsPerS: 0 })]).critical).toBeCloseTo(1);
  });
});

describe('predictWaitsSoon', () => {
  it('looks ten seconds ahead', () => {
    expect(predictWaitsSoon([load({ waiting: 100, growthPerS: 50 })]).critical).toBeCloseTo(0.2);
  });

  it('predicts no wait where the queue will be empty', () => {
    expect(predictWaitsSoon([load({ waiting: 100, growthPerS: -50 })]).critical).toBe(0);
  });
});

describe('worstWait', () => {
  it('does not mind the last class, behind which nobody can give way', () => {
    expect(worstWait({ critical_plus: 0.1, critical: 0.2, sheddable_plus: 0.3, sheddable: 9 })).toBe(0.3);
  });
});
