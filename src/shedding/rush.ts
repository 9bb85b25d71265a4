/** What arrives of late, and whether that is much more than usual. */
export interface Rush {
  /** As the last two or three seconds have it. */
  readonly latelyPerS: number;
  readonly isOn: boolean;
}

/** What a second leaves of the rate before it. */
const keepsPerS = 0.5;
/** Reached within two seconds when nearly three times as much comes at once. From smaller steps the smooth rate does as well, and swings less. */
const beginsAt = 1.4;

/**
 * Follows a rush. A rate that is smooth enough to tell how much is too much for long needs ten seconds to see one, and all that time capacity
 * goes to work that is about to give way. It is over when the smooth rate has caught up. Pure.
 *
 * @param before - what it said last; undefined at first.
 * @param usualPerS - the smooth rate.
 * @param latestPerS - what came in the last second.
 */
export function followRush(
  before: Rush | undefined,
  { usualPerS, latestPerS, elapsedS }: { usualPerS: number; latestPerS: number; elapsedS: number },
): Rush {
  const keeps = before === undefined ? 0 : keepsPerS ** elapsedS;
  const latelyPerS = keeps * (before?.latelyPerS ?? 0) + (1 - keeps) * latestPerS;
  const isOn = latelyPerS > (before?.isOn ? 1 : beginsAt) * usualPerS;
  return { latelyPerS, isOn };
}

/** What arrives, as far as it is to be acted upon. */
export function arrivalsIn({ isOn, latelyPerS }: Rush, usualPerS: number): number {
  return isOn ? latelyPerS : usualPerS;
}
