import type { RetryPolicy } from '../job/define-job.js';
import type { ErrorVerdict } from '../job/error-verdict.js';

/** Shortest pause before another attempt: a pause near zero would hammer what has just failed. */
const floorMs = 100;
/** Throttled calls start slower: eight quick retries against a quota per minute are eight wasted calls. */
const throttledBaseMs = 5_000;
const throttledCapMs = 15 * 60_000;

/**
 * How long to wait before the next attempt, in milliseconds. Pure: `random` is a number from 0 up to 1.
 *
 * Transient failures get full jitter, `random(floor, min(cap, base · 2^(failures−1)))`, which spreads a crowd best; throttled
 * ones equal jitter with a longer base, and never less than the other side asked for, plus up to 10 %.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffDelayMs(failures: number, verdict: ErrorVerdict, policy: RetryPolicy, random: number): number {
  const throttled = verdict.class === 'throttled';
  const base = throttled ? Math.max(throttledBaseMs, policy.baseMs) : policy.baseMs;
  const cap = throttled ? Math.max(throttledCapMs, policy.capMs) : policy.capMs;
  const bound = Math.max(floorMs, Math.min(cap, base * 2 ** Math.min(failures - 1, 30)));
  const pause = throttled ? bound / 2 + (bound / 2) * random : floorMs + (bound - floorMs) * random;
  const asked = verdict.retryAfterMs === undefined ? 0 : verdict.retryAfterMs * (1 + 0.1 * random);
  return Math.ceil(Math.max(pause, asked));
}
