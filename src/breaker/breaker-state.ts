import type { EpochMs } from '../time/duration.js';

/**
 * `closed`: calls pass. `open`: none does, until its time is over. `half_open`: few probes decide. `isolated`: an operator holds it open.
 */
export const breakerPhases = ['closed', 'open', 'half_open', 'isolated'] as const;

export type BreakerPhase = (typeof breakerPhases)[number];

/** Why calls open a breaker. */
export const tripReasons = ['failure_rate', 'consecutive_failures', 'slow_calls'] as const;

export type TripReason = (typeof tripReasons)[number];

/** Why a breaker is in the phase it is in. */
export const breakerReasons = [
  ...tripReasons,
  'probe_failed',
  'probe_expired',
  'probes_succeeded',
  'isolated',
  'isolation_expired',
  'released',
] as const;

export type BreakerReason = (typeof breakerReasons)[number];

/** One breaker as the whole fleet sees it. A breaker that nobody has heard of is closed, with generation 0. */
export interface BreakerState {
  readonly name: string;
  /** Grows with every transition of any breaker. An outcome of a call that began under another one says nothing any more. */
  readonly generation: number;
  readonly phase: BreakerPhase;
  readonly reason: BreakerReason;
  /** When it came to this phase, on Redis' clock. */
  readonly since: EpochMs;
  /** Open: from when on a probe may be made. Isolated: when that ends by itself. On Redis' clock. */
  readonly until?: EpochMs;
  /** How often it opened in a row. Falls back to 0 when it was closed for long. */
  readonly openings: number;
  /** Calls a second of the whole fleet before it opened: what counts as all of it when it closes again. 0 when not known. */
  readonly callsPerSecond: number;
  /** How many workers made them. */
  readonly callers: number;
  readonly probes: BreakerProbes;
  /** Who isolated or released it, and what for. */
  readonly by?: string;
  readonly why?: string;
}

/** What the probes of a half-open breaker have told so far. */
export interface BreakerProbes {
  /** The leases of those under way: token, and when it expires on Redis' clock. */
  readonly leases: Readonly<Record<string, EpochMs>>;
  /** The same of jobs that have started and not made their call yet. Such a place holds up other jobs, and no call; it tells nothing. */
  readonly kept?: Readonly<Record<string, EpochMs>>;
  readonly succeeded: number;
  readonly failed: number;
}

/** What one worker saw of one breaker's calls since its last report. */
export interface CallEvidence {
  readonly breaker: string;
  /** The generation under which these calls began. */
  readonly generation: number;
  readonly succeeded: number;
  /** Transient failures, throttling and timeouts. Other errors say nothing of the dependency, and count neither here nor as success. */
  readonly failed: number;
  /** Calls that took longer than the dependency's `slow`, whether they succeeded or failed. */
  readonly slow: number;
  /** Failures since the last success. */
  readonly failedInARow: number;
  /** For how long the dependency asked not to be called, where it did. */
  readonly retryAfterMs?: number;
  /** Why the worker's own breaker opened, when it has: from then on it makes no calls that could tell more. */
  readonly opened?: TripReason;
  /** For how long the dependency wants its breaker to open the first time and at most, where it has said so. */
  readonly openForMs?: number;
  readonly openAtMostMs?: number;
}

export interface EvidenceReport {
  readonly worker: string;
  readonly calls: readonly CallEvidence[];
}
