import type { ErrorVerdict } from '../job/error-verdict.js';
import { refusalIn } from './breaker-errors.js';
import type { CallOutcome } from './call-counts.js';
import { DependencyTimeoutError } from './dependency-timeout-error.js';
import type { Pass } from './entrance.js';

/** A call that threw. */
export interface ThrownCall {
  readonly error: unknown;
  /** Why it was ended from outside, by its timeout or with its job; undefined when it ended by itself. */
  readonly reason: unknown;
  /** Says what an error of the call means. */
  readonly verdictOf: (error: unknown) => ErrorVerdict;
  readonly pass: Pass | undefined;
}

/**
 * What a call that threw says of the dependency. Nothing, when it ended with its job, when it was refused further down, or when the answer was
 * no fault of the dependency: such a "no" does not count in the window. To a probe it is an answer, which is all that a probe is to find out;
 * else a dependency that says nothing but "no" would be probed for ever. Pure.
 */
export function decideCallOutcome({ error, reason, verdictOf, pass }: ThrownCall): {
  readonly result: CallOutcome['result'] | 'ignored';
  readonly retryAfterMs?: number | undefined;
} {
  if (reason !== undefined) return { result: reason instanceof DependencyTimeoutError ? 'failed' : 'ignored' };
  if (refusalIn(error) !== undefined) return { result: 'ignored' };
  const verdict = verdictOf(error);
  const isFault = verdict.class === 'transient' || verdict.class === 'throttled';
  const answered = pass?.kind === 'probe' ? 'succeeded' : 'ignored';
  return { result: isFault ? 'failed' : answered, retryAfterMs: verdict.retryAfterMs };
}
