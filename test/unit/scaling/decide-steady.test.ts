import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideSteady, type SteadyReplicas } from '../../../src/scaling/decide-steady.js';

const downAfterMs = 60_000;
const decide = (before: SteadyReplicas | undefined, need: number, now: number, current = 0): SteadyReplicas =>
  decideSteady(before, { need, current, now, downAfterMs });

describe('decideSteady', () => {
  it.each<[string, SteadyReplicas | undefined, number, number, SteadyReplicas]>([
    ['goes up at once', { desired: 3 }, 9, 0, { desired: 9 }],
    ['stays where it is', { desired: 3 }, 3, 0, { desired: 3 }],
    ['waits before it goes down', { desired: 9 }, 3, 100, { desired: 9, lower: { since: 100, peak: 3 } }],
    [
      'remembers the most that was needed',
      { desired: 9, lower: { since: 0, peak: 3 } },
      5,
      10,
      { desired: 9, lower: { since: 0, peak: 5 } },
    ],
    [
      'forgets the wait when as many are needed again',
      { desired: 9, lower: { since: 0, peak: 3 } },
      9,
      10,
      { desired: 9 },
    ],
    ['goes down to what is needed', { desired: 9, lower: { since: 0, peak: 3 } }, 3, downAfterMs, { desired: 3 }],
    [
      'goes down to the most of that time, and waits on',
      { desired: 9, lower: { since: 0, peak: 5 } },
      2,
      downAfterMs,
      { desired: 5, lower: { since: downAfterMs, peak: 2 } },
    ],
  ])('%s', (_, before, need, now, after) => {
    expect(decide(before, need, now)).toEqual(after);
  });

  it('begins with the workers there are', () => {
    expect(decide(undefined, 1, 0, 6)).toEqual({ desired: 6, lower: { since: 0, peak: 1 } });
    expect(decide(undefined, 8, 0, 6)).toEqual({ desired: 8 });
  });

  it('never wants fewer than are needed, and goes down at most once in that time', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(30_000))), (steps) => {
        let [now, fellAt] = [0, Number.NEGATIVE_INFINITY];
        let state: SteadyReplicas | undefined;
        for (const [need, gapMs] of steps) {
          now += gapMs;
          const before = state?.desired ?? 0;
          state = decide(state, need, now);
          expect(state.desired).toBeGreaterThanOrEqual(need);
          if (state.desired >= before) continue;
          expect(now - fellAt).toBeGreaterThanOrEqual(downAfterMs);
          fellAt = now;
        }
      }),
    );
  });
});
