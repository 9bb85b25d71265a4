/** How work that was set aside comes back. Without a pace it would be the next overload. */

export interface ReadmissionInput {
  /** Which part of what arrives is shed. */
  readonly share: number;
  /** How long admitted work will wait, as a part of what it may, and which part the controller holds. */
  readonly waitRatio: number;
  readonly targetRatio: number;
  readonly capacityPerS: number;
  readonly elapsedS: number;
}

/** Below this share nothing is shed to speak of. */
const calmShare = 0.02;
/** The first step, as a part of the capacity; at least one job a second. */
const firstRatio = 0.02;
/** The pace grows by this in each second in which waits stay short. */
const growthPerS = 1.1;
/** More than what can be done helps to use a capacity that is underestimated; much more would pile up. */
const mostRatio = 2;

/**
 * How many parked jobs come back in a second: none while anything is shed, then slowly more as long as waits are short, and half as many
 * whenever they grow. Pure.
 */
export function decideReturnRate(rate: number, input: ReadmissionInput): number {
  const { share, waitRatio, targetRatio, elapsedS } = input;
  // Where nobody has worked yet nobody knows what can be done, and one has to be the first.
  const capacityPerS = Math.max(input.capacityPerS, 1 / firstRatio);
  if (share > calmShare) return 0;
  if (waitRatio > targetRatio) return rate / 2;
  if (waitRatio >= 0.5 * targetRatio) return rate;
  return Math.min(mostRatio * capacityPerS, Math.max(rate * growthPerS ** elapsedS, firstRatio * capacityPerS));
}
