import { describe, expect, it } from 'vitest';
import { type LimitBounds, limitSteps } from '../../../src/concurrency/limit-steps.js';

describe('limitSteps', () => {
  it.each<[LimitBounds, number[]]>([
    [{ min: 1, initial: 1, max: 1 }, [1]],
    [{ min: 1, initial: 3, max: 5 }, [1, 2, 3, 4, 5]],
    [{ min: 6, initial: 10, max: 13 }, [6, 7, 8, 9, 10, 12, 13]],
    [{ min: 1, initial: 10, max: 40 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 21, 24, 28, 32, 37, 40]],
  ])('tries, within %o, %j', (bounds, expected) => {
    expect(limitSteps(bounds)).toEqual(expected);
  });

  it('needs few steps for the widest bounds', () => {
    expect(limitSteps({ min: 1, initial: 10, max: 1_000 }).length).toBeLessThan(50);
  });
});
