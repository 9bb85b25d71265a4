/** What the fleet could complete in a second, as far as it has shown. */

export interface CapacityInput {
  readonly completionsPerS: number;
  /** Whether work waits that could be started. */
  readonly isBusy: boolean;
  readonly elapsedS: number;
}

/** The part of the old estimate that a second leaves. */
const memoryPerS = 0.8;

/**
 * Follows completions while there is enough to do. A fleet with nothing to do shows only how much it was asked for, which counts only when
 * that is more than what was known. Pure.
 */
export function estimateCapacity(known: number | undefined, input: CapacityInput): number {
  const { completionsPerS, isBusy, elapsedS } = input;
  if (known === undefined) return completionsPerS;
  if (!isBusy && completionsPerS <= known) return known;
  const memory = memoryPerS ** elapsedS;
  return memory * known + (1 - memory) * completionsPerS;
}
