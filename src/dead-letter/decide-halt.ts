/** When a redrive stops by itself. */
export interface HaltPolicy {
  /** So many must have ended before anything is concluded. */
  readonly minEnded: number;
  /** A larger share of failures than this stops it. */
  readonly maxFailingRatio: number;
}

export type HaltDecision =
  | { readonly kind: 'go_on'; readonly reason: 'too_few_ended' | 'healthy' }
  | { readonly kind: 'halt'; readonly reason: 'failing_again'; readonly ended: number; readonly failed: number };

/** So many of the last ends count: what went well an hour ago says nothing of a dependency that fails now. */
const endsThatCount = 100;

/**
 * Decides whether to go on with a redrive. Pure.
 *
 * @param ends how the jobs that were put back ended, in the order in which that was seen: true for one that failed again.
 */
export function decideHalt(ends: readonly boolean[], { minEnded, maxFailingRatio }: HaltPolicy): HaltDecision {
  if (ends.length < minEnded) return { kind: 'go_on', reason: 'too_few_ended' };
  const recent = ends.slice(-Math.max(endsThatCount, minEnded));
  const failed = recent.filter((again) => again).length;
  if (failed <= recent.length * maxFailingRatio) return { kind: 'go_on', reason: 'healthy' };
  return { kind: 'halt', reason: 'failing_again', ended: recent.length, failed };
}
