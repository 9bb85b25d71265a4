import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/time/duration.js';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const anyDuration = fc
  .tuple(fc.integer({ min: 1, max: 100_000 }), fc.constantFrom(...(['ms', 's', 'm', 'h', 'd'] as const)))
  .map(([number, unit]) => ({ text: `${number}${unit}`, ms: number * unitMs[unit] }));

describe('durations', () => {
  it('for any whole number of a unit, reading gives the milliseconds', () => {
    fc.assert(fc.property(anyDuration, ({ text, ms }) => parseDuration(text) === ms));
  });

  it('for any whole number of the largest unit that fits, writing and reading gives it back', () => {
    const evenly = anyDuration.filter(({ ms }) => Object.values(unitMs).every((size) => ms < size || ms % size === 0));

    fc.assert(
      fc.property(evenly, ({ ms }) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it('for any length of time, writing and reading is off by at most half of the last digit shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * unitMs.d }), (ms) => {
        const unit = Math.max(...Object.values(unitMs).filter((size) => size <= Math.max(1, ms)));

        expect(Math.abs(parseDuration(formatDuration(ms)) - ms)).toBeLessThanOrEqual(unit === 1 ? 0 : 0.05 * unit);
      }),
    );
  });
});
