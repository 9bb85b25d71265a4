import { BreakerIsolatedError, BreakerOpenError } from './breaker-errors.js';
import type { BreakerState } from './breaker-state.js';
import type { Decider } from './decide-door.js';

/** Why no call may be made. */
export interface Refusal {
  readonly breaker: string;
  /** `worker`: this one alone keeps away, others may go on. */
  readonly by: Decider;
  readonly state: BreakerState;
  readonly retryAfterMs: number;
}

/** What a closed door says to whoever stands in front of it. */
export function refusalOf(by: Decider, state: BreakerState, retryAfterMs: number): Refusal {
  return { breaker: state.name, by, state, retryAfterMs: Math.ceil(retryAfterMs) };
}

/** The error that says why a call was not made. */
export function refusalError({ breaker, by, state, retryAfterMs }: Refusal): BreakerOpenError | BreakerIsolatedError {
  return state.phase === 'isolated'
    ? new BreakerIsolatedError(breaker, state, retryAfterMs)
    : new BreakerOpenError(breaker, by, state, retryAfterMs);
}
