import type { WorkerVerdict } from './fleet-watch.js';

export interface OrphanCandidate {
  /** The lease's token; empty when nobody holds it. */
  readonly token: string;
  /** The verdict on the worker that the token names; undefined when it names none of ours or there is no token. */
  readonly owner: WorkerVerdict | undefined;
  /** For how long the job has been seen without a lease. */
  readonly leaselessMs: number;
  /** How often a worker has died with this job before. */
  readonly crashes: number;
}

export interface RecoveryPolicy {
  /** How long a job may be without a lease: its worker may be about to take it back after an outage. */
  readonly leaselessGraceMs: number;
  /** The crash at which a job counts as poison. */
  readonly poisonAfter: number;
}

export type RecoveryDecision =
  | { readonly kind: 'leave' }
  | { readonly kind: 'requeue' }
  | { readonly kind: 'dead_letter'; readonly crashes: number };

/** Decides what happens to an active job: leave it to its owner, put it back, or give it up as poison. Pure. */
export function decideRecovery(candidate: OrphanCandidate, policy: RecoveryPolicy): RecoveryDecision {
  const orphaned =
    candidate.token === '' ? candidate.leaselessMs >= policy.leaselessGraceMs : candidate.owner === 'dead';
  if (!orphaned) return { kind: 'leave' };
  const crashes = candidate.crashes + 1;
  return crashes >= policy.poisonAfter ? { kind: 'dead_letter', crashes } : { kind: 'requeue' };
}
