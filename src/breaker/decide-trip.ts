import {
  failureRatio,
  fewestCalls,
  fewestInARow,
  inARowMs,
  quorumRatio,
  slowRatio,
  slowRow,
  smallestQuorum,
} from './breaker-policy.js';
import type { TripReason } from './breaker-state.js';
import type { WindowView } from './fleet-window.js';
import { wilsonLowerBound } from './wilson.js';

export type TripDecision =
  | { readonly kind: 'trip'; readonly reason: TripReason }
  /** The calls are bad enough, but too few workers see it: it is their own way out that is broken, and their own breakers open. */
  | { readonly kind: 'stay'; readonly reason: 'no_quorum' }
  | { readonly kind: 'stay'; readonly reason: 'healthy' };

/** Decides whether a closed breaker opens. Pure. */
export function decideTrip(view: WindowView): TripDecision {
  const suspicions = suspicionsOf(view);
  const shared = suspicions.find(({ seenBy, of }) => seenBy >= quorumOf(of));
  if (shared) return { kind: 'trip', reason: shared.reason };
  return { kind: 'stay', reason: suspicions.length > 0 ? 'no_quorum' : 'healthy' };
}

interface Suspicion {
  readonly reason: TripReason;
  readonly seenBy: number;
  readonly of: number;
}

function suspicionsOf(view: WindowView): Suspicion[] {
  const { calls, failed, slow, failing, slowing, reporting, failingInARow, opened } = view;
  const suspicions: Suspicion[] = [];
  if (isLongRow(view)) {
    // Since the last success nobody else has reported: two are a quorum then, however many there are.
    suspicions.push({ reason: 'consecutive_failures', seenBy: failingInARow, of: Math.min(reporting, smallestQuorum) });
  }
  if (calls >= fewestCalls && wilsonLowerBound(failed, calls) > failureRatio) {
    suspicions.push({ reason: 'failure_rate', seenBy: failing, of: reporting });
  }
  if (calls >= fewestCalls && wilsonLowerBound(slow, calls) > slowRatio) {
    suspicions.push({ reason: 'slow_calls', seenBy: slowing, of: reporting });
  }
  // Each of them has stopped calling, so the failures of a dependency that is called often may never be enough for the whole window.
  if (opened !== undefined) suspicions.push({ reason: opened.reason, seenBy: opened.workers, of: reporting });
  return suspicions;
}

/**
 * Whether failures in a row are as many as there are calls in a second, or last for so long: while calls hang until their time is over few
 * end in a second, and as many as there were before would take many seconds, each with more calls that hang.
 */
function isLongRow({ failedInARow, unansweredMs, callsPerSecond }: WindowView): boolean {
  if (failedInARow >= slowRow.failures && unansweredMs >= slowRow.ms) return true;
  if (failedInARow < fewestInARow) return false;
  return unansweredMs >= inARowMs || failedInARow >= (callsPerSecond * inARowMs) / 1_000;
}

/** How many of the workers that report have to see it. One that is alone decides alone. */
function quorumOf(reporting: number): number {
  return reporting <= 1 ? 1 : Math.max(smallestQuorum, Math.ceil(reporting * quorumRatio));
}
