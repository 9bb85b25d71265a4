/** How many workers are wanted, and what is remembered for the next decision. */
export interface SteadyReplicas {
  readonly desired: number;
  /** Since when fewer were needed, on the wall clock, and the most that was needed since then; absent while as many are. */
  readonly lower?: { readonly since: number; readonly peak: number };
}

/**
 * Keeps the number of workers from following every wave: up at once, down when fewer were needed for a while without a break, and then to
 * the most that was needed in that time. Pure.
 *
 * Whoever knows nothing from before begins with the workers there are, so that a new leader takes nobody away at once.
 *
 * @param need - how many are needed now.
 */
export function decideSteady(
  before: SteadyReplicas | undefined,
  { need, current, now, downAfterMs }: { need: number; current: number; now: number; downAfterMs: number },
): SteadyReplicas {
  const { desired, lower } = before ?? { desired: current };
  if (need >= desired) return { desired: need };
  if (lower === undefined) return { desired, lower: { since: now, peak: need } };
  const peak = Math.max(lower.peak, need);
  if (now - lower.since < downAfterMs) return { desired, lower: { since: lower.since, peak } };
  return need < peak ? { desired: peak, lower: { since: now, peak: need } } : { desired: peak };
}
