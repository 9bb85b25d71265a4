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
/** While work is shed, what comes back takes the place of work of a lower class, by the second: the controller has to follow. */
const mostRatioShedding = 0.2;

/**
 * How many parked jobs of classes above the cut come back in a second: slowly more as long as waits are short, and half as many whenever they
 * grow. While work is shed the controller holds waits long, so that their length says little: some come back all the same, or work of a class
 * that is admitted again would stay aside for as long as any other gives way. Pure.
 */
export function decideReturnRate(rate: number, input: ReadmissionInput): number {
  // Where nobody has worked yet nobody knows what can be done, and one has to be the first.
  const capacityPerS = Math.max(input.capacityPerS, 1 / firstRatio);
  const firstPerS = firstRatio * capacityPerS;
  const paced = paceAfter(rate, firstPerS, input);
  return input.share > calmShare
    ? Math.min(Math.max(paced, firstPerS), mostRatioShedding * capacityPerS)
    : Math.min(paced, mostRatio * capacityPerS);
}

function paceAfter(rate: number, firstPerS: number, { waitRatio, targetRatio, elapsedS }: ReadmissionInput): number {
  if (waitRatio > targetRatio) return rate / 2;
  if (waitRatio >= 0.5 * targetRatio) return rate;
  return Math.max(rate * growthPerS ** elapsedS, firstPerS);
}
