import type { JobCrash } from '../job/crash.js';
import type { EpochMs } from '../time/duration.js';
import type { WorkerVerdict } from './fleet-watch.js';

export interface OrphanCandidate {
  /** The lease's token; empty when nobody holds it. */
  readonly token: string;
  /** The verdict on the worker that the token names; undefined when it names none of ours or there is no token. */
  readonly owner: WorkerVerdict | undefined;
  /** For how long the job has been seen without a lease. */
  readonly leaselessMs: number;
}

/**
 * Decides whether an active job has lost its worker. One without a lease gets a grace: its worker may be about to take the lease back
 * after an outage. Pure.
 */
export function isOrphaned({ token, owner, leaselessMs }: OrphanCandidate, leaselessGraceMs: number): boolean {
  return token === '' ? leaselessMs >= leaselessGraceMs : owner === 'dead';
}

/** How many lost workers make a job a suspect, or poison. */
export interface RecoveryPolicy {
  /** The crash from which on a job is a suspect. */
  readonly quarantineAfter: number;
  /** The crash at which a job counts as poison. */
  readonly poisonAfter: number;
  /** Only crashes of the last so many ms count. */
  readonly crashWindowMs: number;
  /** How long a suspect waits for a process of its own before it runs among others again; doubles with each further crash. Where no worker
   * has a lane it does not wait the first two times. */
  readonly quarantineMs: number;
}

/** What there is to decide by, beside the job's history. */
export interface RecoveryMeans extends RecoveryPolicy {
  /** Whether some worker of the fleet can run a suspect alone. */
  readonly hasLanes: boolean;
}

/** What becomes of a job that lost its worker. */
export type RecoveryDecision =
  | { readonly kind: 'requeue' }
  /** `delayMs` until it comes back by itself, `spacingMs` later for each that is set aside already. */
  | { readonly kind: 'quarantine'; readonly delayMs: number; readonly spacingMs: number }
  | { readonly kind: 'dead_letter'; readonly crashes: number };

const longestQuarantineMs = 3_600_000;
/** After so many times as many crashes a job is given up even if nobody ever saw it alone in a process that ended. */
const patience = 2;
/** Suspects that wait for a lane come back so far apart. */
const spacingMs = 5_000;
/** And where nobody has a lane: so far the first time, and four times as far each further time. */
const firstSpacingMs = 200;
/** Where nobody has a lane, a suspect waits for nothing but the others so many times: most were only near to what went wrong. */
const promptReturns = 2;

/**
 * Decides what happens to a job that lost its worker. Jobs that were in a process when it ended are suspects, not culprits: they are
 * put back, and after some crashes run alone, where no neighbour can be blamed for what they do. What convicts is the exit of a process
 * in which the job was alone, as whoever had started it saw it: a frozen host or a broken network says nothing about a job, and among
 * others it may be the neighbour once more. Pure.
 *
 * @param crashes - the job's history, this crash last.
 */
export function decideRecovery(crashes: readonly JobCrash[], policy: RecoveryMeans, now: EpochMs): RecoveryDecision {
  const recent = crashes.filter(({ at }) => now - at < policy.crashWindowMs);
  const count = recent.length;
  const isConvicted = count >= policy.poisonAfter && convicts(recent.at(-1), policy);
  if (isConvicted || count >= patience * policy.poisonAfter) return { kind: 'dead_letter', crashes: count };
  if (count < policy.quarantineAfter) return { kind: 'requeue' };
  return { kind: 'quarantine', ...quarantineOf(count - policy.quarantineAfter, policy) };
}

function convicts(last: JobCrash | undefined, { quarantineAfter, poisonAfter }: RecoveryPolicy): boolean {
  if (last?.how !== 'exited') return false;
  // Where poison comes before quarantine, nobody is ever alone.
  if (quarantineAfter >= poisonAfter) return true;
  return last.alone === true && (last.exitCode !== undefined || last.signal !== undefined);
}

/** Where nobody can run it alone there is nothing to wait for at first: it is enough to be apart from other suspects. */
function quarantineOf(
  furtherLosses: number,
  { hasLanes, quarantineMs }: RecoveryMeans,
): { readonly delayMs: number; readonly spacingMs: number } {
  const times = hasLanes ? furtherLosses : furtherLosses - promptReturns;
  return {
    delayMs: times < 0 ? 0 : Math.min(quarantineMs * 2 ** times, longestQuarantineMs),
    spacingMs: hasLanes ? spacingMs : Math.min(firstSpacingMs * 4 ** furtherLosses, longestQuarantineMs),
  };
}

/** How much of a job's history of crashes decides; older ones may be forgotten. */
export function crashesThatCount({ poisonAfter }: RecoveryPolicy): number {
  return patience * poisonAfter;
}
