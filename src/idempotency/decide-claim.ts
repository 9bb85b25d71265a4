import type { DeadLetterReason, ErrorReport, Outcome } from '../job/outcome.js';
import type { ClaimVerdict } from './claim.js';

/** What is kept of a job that failed for good, for the next one with its key. */
export interface KnownFailure {
  readonly reason: DeadLetterReason;
  readonly error: Omit<ErrorReport, 'stack'>;
}

/** So long a job waits while another of its key runs, and at most half as long again. */
const busyDelayMs = 5_000;

/** Answers of the world that the same input meets again. Every other end leaves the key to whoever comes next. */
const finalReasons: ReadonlySet<DeadLetterReason> = new Set(['permanent_error', 'business_error']);

/** Whether the ledger is to keep that a job failed. Pure. */
export function isFinal({
  reason,
  attempted,
}: {
  readonly reason: DeadLetterReason;
  readonly attempted: boolean;
}): boolean {
  return attempted && finalReasons.has(reason);
}

/**
 * Decides how a job ends whose key is taken, without its handler: done before, and it has the same result; failed for good before,
 * and it fails the same way; busy, and it waits. Undefined when it is to run. Pure.
 *
 * @param conflict - says what is wrong when the key was given to another payload.
 */
export function decideClaim(verdict: ClaimVerdict, conflict: () => ErrorReport, random: number): Outcome | undefined {
  switch (verdict.kind) {
    case 'new':
      return undefined;
    case 'busy':
      return { kind: 'parked', reason: 'key_busy', delayMs: Math.round(busyDelayMs * (1 + random / 2)) };
    case 'mismatch':
      return { kind: 'dead_lettered', reason: 'key_conflict', error: conflict(), attempted: false };
    case 'committed':
      return { kind: 'completed', resultJson: verdict.resultJson };
    case 'failed':
      return { kind: 'dead_lettered', ...(JSON.parse(verdict.failureJson) as KnownFailure), attempted: false };
  }
}
