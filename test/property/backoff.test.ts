import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetryPolicy } from '../../src/job/define-job.js';
import type { ErrorVerdict } from '../../src/job/error-verdict.js';
import { backoffDelayMs } from '../../src/retry/backoff.js';
import { seededRandom } from '../support/seeded-random.js';

const floorMs = 100;
const anyFailures = fc.integer({ min: 1, max: 2_000 });
const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const anyPolicy = fc
  .tuple(fc.integer({ min: 0, max: 600_000 }), fc.integer({ min: 0, max: 86_400_000 }))
  .map(([baseMs, beyond]) => ({ attempts: 8, baseMs, capMs: baseMs + beyond }) as RetryPolicy);
const anyVerdict: fc.Arbitrary<ErrorVerdict> = fc.oneof(
  fc.constant<ErrorVerdict>({ class: 'transient' }),
  fc.constant<ErrorVerdict>({ class: 'throttled' }),
  fc.integer({ min: 0, max: 86_400_000 }).map((retryAfterMs): ErrorVerdict => ({ class: 'throttled', retryAfterMs })),
);
const transient: ErrorVerdict = { class: 'transient' };

describe('the pause before another attempt', () => {
  it('for any failure that asked for nothing, is from a tenth of a second to the cap', () => {
    fc.assert(
      fc.property(anyFailures, anyPolicy, anyRandom, (failures, policy, random) => {
        const pause = backoffDelayMs(failures, transient, policy, random);

        expect(pause).toBeGreaterThanOrEqual(floorMs);
        expect(pause).toBeLessThanOrEqual(Math.max(floorMs, policy.capMs));
      }),
    );
  });

  it('for any failure, is a whole number, and at least what the other side asked for', () => {
    fc.assert(
      fc.property(anyFailures, anyVerdict, anyPolicy, anyRandom, (failures, verdict, policy, random) => {
        const pause = backoffDelayMs(failures, verdict, policy, random);

        expect(Number.isSafeInteger(pause)).toBe(true);
        expect(pause).toBeGreaterThanOrEqual(Math.max(floorMs, verdict.retryAfterMs ?? 0));
      }),
    );
  });

  it('for any policy, has a bound that does not shrink from one failure to the next', () => {
    fc.assert(
      fc.property(anyFailures, anyVerdict, anyPolicy, anyRandom, (failures, verdict, policy, random) => {
        expect(backoffDelayMs(failures + 1, verdict, policy, random)).toBeGreaterThanOrEqual(
          backoffDelayMs(failures, verdict, policy, random),
        );
      }),
    );
  });

  it('is spread evenly over its whole range: full jitter', () => {
    const random = seededRandom(20_260_304);
    const policy = { attempts: 8, baseMs: 10_000, capMs: 60_000 } as RetryPolicy;
    const [least, most, buckets, draws] = [floorMs, 40_000, 20, 20_000];

    const counts = new Array<number>(buckets).fill(0);
    for (let draw = 0; draw < draws; draw++) {
      const pause = backoffDelayMs(3, transient, policy, random());
      const bucket = Math.min(buckets - 1, Math.floor(((pause - least) / (most - least)) * buckets));
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }

    const expected = draws / buckets;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 19 degrees of freedom: an even spread stays below 43.8 in 999 of 1000 runs. The seed makes it this run every time.
    expect(chiSquare).toBeLessThan(43.8);
  });
});
