import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '../../src/concurrency/adaptive-limit.js';
import { limitSteps } from '../../src/concurrency/limit-steps.js';

const anyBounds = fc
  .tuple(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 1_000 }))
  .map((numbers) => numbers.toSorted((one, other) => one - other) as [number, number, number])
  .map(([min, initial, max]) => ({ min, initial, max }));

/** A second in which a few hundred jobs ended, of whatever kind and length, done or not, and the loop was as late as it was. */
const anySecond = fc.record({
  jobs: fc.array(
    fc.record({
      kind: fc.constantFrom('a', 'b'),
      heldMs: fc.double({ min: 0, max: 100_000, noNaN: true }),
      isDone: fc.boolean(),
      running: fc.nat(2_000),
    }),
    { minLength: 1, maxLength: 20 },
  ),
  loopDelayMs: fc.nat(5_000),
  seconds: fc.constantFrom(1, 40, 100_000),
});

describe('an adaptive limit', () => {
  it('for any bounds and jobs, stays within its bounds and moves by one step', () => {
    fc.assert(
      fc.property(anyBounds, fc.array(anySecond, { maxLength: 40 }), (bounds, seconds) => {
        const steps = limitSteps(bounds);
        const limit = new AdaptiveLimit(bounds);
        let now = 0;
        for (const { jobs, loopDelayMs, seconds: long } of seconds) {
          now += long * 1_000;
          limit.loopHeldUp(loopDelayMs);
          for (const job of jobs) {
            const before = steps.indexOf(limit.limit);
            limit.slotFreed(job, { elapsedMs: now, sharedMs: now });
            const after = steps.indexOf(limit.limit);
            expect(after).toBeGreaterThanOrEqual(0);
            expect(limit.allowed).toBeGreaterThanOrEqual(bounds.min);
            expect(limit.allowed).toBeLessThanOrEqual(limit.limit);
            expect(Math.abs(after - before)).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });

  it('for any bounds, begins and ends where they say, each step above the last', () => {
    fc.assert(
      fc.property(anyBounds, (bounds) => {
        const steps = limitSteps(bounds);

        expect([steps[0], steps.at(-1)]).toEqual([bounds.min, bounds.max]);
        expect(steps).toContain(bounds.initial);
        expect(steps).toEqual([...new Set(steps)].toSorted((one, other) => one - other));
      }),
    );
  });
});
