import { describe, expect, it } from 'vitest';
import { initialLimitState, withPace } from '../../../src/concurrency/limit-state.js';

const hourMs = 3_600_000;
const known = { ...initialLimitState(0), bestPace: 10, lastPace: 10 };

describe('the best pace', () => {
  it('is what two windows have shown for certain', () => {
    const once = withPace({ ...known, lastPace: 9 }, { pace: 20, error: 0.1, windowMs: 0 });
    const twice = withPace(once, { pace: 20, error: 0.1, windowMs: 0 });

    expect([once.bestPace, twice.bestPace]).toEqual([10, 18]);
  });

  it('is not set by windows that are uncertain', () => {
    expect(withPace({ ...known, lastPace: 12 }, { pace: 12, error: 0.3, windowMs: 0 }).bestPace).toBe(10);
  });

  it('is forgotten within hours, not minutes', () => {
    const slow = { pace: 1, error: 0.1 };
    const afterAMinute = withPace(known, { ...slow, windowMs: 60_000 }).bestPace;
    const afterHours = withPace(known, { ...slow, windowMs: 4 * hourMs }).bestPace;

    expect(afterAMinute).toBeGreaterThan(9.8);
    expect(afterHours).toBeLessThan(2);
  });
});
