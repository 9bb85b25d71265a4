import { assertNever } from '../errors/assert-never.js';
import type { RetryPolicy } from '../job/define-job.js';
import type { ErrorVerdict } from '../job/error-verdict.js';
import type { DeadLetterReason } from '../job/outcome.js';
import type { EpochMs } from '../time/duration.js';
import { backoffDelayMs } from './backoff.js';

/** What becomes of a job whose attempt has failed. */
export type FailureDecision =
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'dead_letter'; readonly reason: DeadLetterReason };

/** What is known of an attempt that has failed. */
export interface FailedAttempt {
  readonly verdict: ErrorVerdict;
  /** Which attempt failed, from 1. */
  readonly attempt: number;
  readonly policy: RetryPolicy;
  /** When the job stops being worth doing, if ever. */
  readonly deadline: EpochMs | undefined;
}

/** Decides what happens after a failed attempt. Pure: `random` is a number from 0 up to 1. */
export function decideFailure(
  { verdict, attempt, policy, deadline }: FailedAttempt,
  now: EpochMs,
  random: number,
): FailureDecision {
  switch (verdict.class) {
    case 'permanent':
      return { kind: 'dead_letter', reason: 'permanent_error' };
    case 'business':
      return { kind: 'dead_letter', reason: 'business_error' };
    case 'expired':
      return { kind: 'dead_letter', reason: 'expired' };
    case 'cancelled':
      return { kind: 'dead_letter', reason: 'cancelled' };
    case 'transient':
    case 'throttled': {
      if (attempt >= policy.attempts) return { kind: 'dead_letter', reason: 'attempts_exhausted' };
      const delayMs = backoffDelayMs(attempt, verdict, policy, random);
      if (deadline !== undefined && now + delayMs >= deadline) return { kind: 'dead_letter', reason: 'expired' };
      return { kind: 'retry', delayMs };
    }
    default:
      return assertNever(verdict.class);
  }
}
