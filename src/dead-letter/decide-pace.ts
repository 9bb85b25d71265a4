export interface PaceDecision {
  /** How many may go now. */
  readonly count: number;
  /** When the next may go, on the same clock as `now`. */
  readonly nextAt: number;
}

/** After a pause, not more than what falls into so long goes at once: what was missed is not made up for. */
const burstSeconds = 0.1;

/**
 * Decides how many may go now, so that they go evenly, `ratePerSecond` of them. Pure: `nextAt` is what the last decision said, and
 * the clock is any in milliseconds that does not jump.
 */
export function decidePace(nextAt: number, ratePerSecond: number, now: number): PaceDecision {
  if (now < nextAt) return { count: 0, nextAt };
  const intervalMs = 1_000 / ratePerSecond;
  const burst = Math.max(1, Math.floor(ratePerSecond * burstSeconds));
  const due = Math.floor((now - nextAt) / intervalMs) + 1;
  return due > burst ? { count: burst, nextAt: now + intervalMs } : { count: due, nextAt: nextAt + due * intervalMs };
}
