/** What the fleet could complete in a second, as far as it has shown. */

export interface CapacityInput {
  readonly completionsPerS: number;
  /** Whether enough work waits for the fleet to show what it can do. */
  readonly isBusy: boolean;
  readonly elapsedS: number;
}

/** The part of the old estimate that a second leaves. */
const memoryPerS = 0.8;

/**
 * Follows completions while there is enough to do. A fleet with little to do shows only how much it was asked for: it can do at least that.
 * Pure.
 *
 * @param known - what was known before; undefined while the fleet has completed nothing.
 * @returns undefined as long as it has not: who has just begun is not overloaded.
 */
export function estimateCapacity(known: number | undefined, input: CapacityInput): number | undefined {
  const { completionsPerS, isBusy, elapsedS } = input;
  if (known === undefined) return completionsPerS > 0 ? completionsPerS : undefined;
  if (!isBusy) return Math.max(known, completionsPerS);
  const memory = memoryPerS ** elapsedS;
  return memory * known + (1 - memory) * completionsPerS;
}

/** Less waiting work than is done in this part of a second may be the few jobs that came just now. */
const busyFromS = 0.25;

/** Whether so much waits that the fleet shows what it can do. */
export function isShowingCapacity(waiting: number, capacityPerS: number | undefined): boolean {
  return waiting > busyFromS * (capacityPerS ?? 0);
}
