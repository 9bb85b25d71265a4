import type { EpochMs } from '../time/duration.js';
import {
  backlogGoneMs,
  fewestCallsPerSecond,
  longestRampMs,
  peakOverSteady,
  rampOverMs,
  rampSteps,
} from './breaker-policy.js';
import type { BreakerState } from './breaker-state.js';

/**
 * How many calls a second the whole fleet may make of a breaker that has closed a short while ago. Undefined when there is no limit: it was
 * never open, or that is over. Pure.
 *
 * One that was isolated while all was well has no limit either: nothing failed, and nobody knows what its calls were, so any limit would be
 * a guess that may hold up a dependency that can bear far more.
 *
 * @param turnedAwayAt - when somebody last wanted a call that was one too many: while that is not long ago, more than usual is waiting.
 */
export function rampCallsPerSecond(state: BreakerState, now: EpochMs, turnedAwayAt?: number): number | undefined {
  const closedForMs = now - state.since;
  const hasBacklog = turnedAwayAt !== undefined && now - turnedAwayAt < backlogGoneMs;
  if (state.phase !== 'closed' || Math.abs(closedForMs) >= (hasBacklog ? longestRampMs : rampOverMs)) return undefined;
  if (!isLoadKnown(state)) return undefined;
  const step = rampSteps.findLast(({ afterMs }) => closedForMs >= afterMs) ?? rampSteps[0];
  return step.ratio * peakOverSteady * Math.max(state.callsPerSecond, fewestCallsPerSecond);
}

/** Whether calls have opened it: then their rate was taken down, even if it was none. */
export function isLoadKnown({ callsPerSecond, openings }: BreakerState): boolean {
  return callsPerSecond > 0 || openings > 0;
}

/** Of that, what one worker may make: an equal share of all that called before it opened. */
export function rampShare(state: BreakerState, now: EpochMs, turnedAwayAt?: number): number | undefined {
  const fleet = rampCallsPerSecond(state, now, turnedAwayAt);
  return fleet === undefined ? undefined : fleet / Math.max(1, state.callers);
}
