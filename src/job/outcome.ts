import type { EpochMs } from '../time/duration.js';
import type { ShedReason } from './shed-reason.js';

/**
 * What kind of failure an error is; it decides what happens next.
 *
 * - `transient`: the world was in the way (network, 5xx, timeout); trying again may help.
 * - `throttled`: the other side asked for fewer or later calls; try again, not before it said.
 * - `permanent`: the same input will fail the same way; do not try again.
 * - `business`: an expected "no" (card declined); do not try again, and nobody is to blame.
 * - `expired`: too late to be worth doing.
 * - `cancelled`: somebody called it off.
 */
export const errorClasses = ['transient', 'throttled', 'permanent', 'business', 'expired', 'cancelled'] as const;

/** What a failure means, see `errorClasses`. */
export type ErrorClass = (typeof errorClasses)[number];

/**
 * Why a job was dead-lettered. `failed_by_queue`: BullMQ had marked the job as failed before it ran, because a child of its flow
 * failed or a plain worker's stall count was exceeded. `key_conflict`: its idempotency key was given to another payload.
 */
export const deadLetterReasons = [
  'attempts_exhausted',
  'permanent_error',
  'business_error',
  'expired',
  'cancelled',
  'failed_by_queue',
  'payload_invalid',
  'payload_not_json',
  'payload_too_large',
  'upcast_failed',
  'kind_unknown',
  'key_conflict',
  'poison',
] as const;

/** Why a job was dead-lettered, see `deadLetterReasons`. */
export type DeadLetterReason = (typeof deadLetterReasons)[number];

/**
 * Why a job was set aside without using up an attempt. `newer_version`: its payload is newer than the worker knows.
 * `children_pending`: jobs that it is the parent of have not ended; it runs again after the last of them. `quarantine`: it lost its
 * worker again and again, and is to run alone. `key_busy`: another job with its idempotency key runs now. `retry_budget`: it has failed
 * before, and its queue has spent what it may on trying again. `breaker:<name>`: a dependency that it needs may not be called now.
 * `shed`: there was more to do than could be done in time, and it gave way. `tenant_slots:<tenant>`: its tenant ran as many jobs at once
 * as one tenant may.
 */
export const parkReasons = [
  'newer_version',
  'children_pending',
  'quarantine',
  'key_busy',
  'retry_budget',
  'shed',
] as const;

/** Those whose jobs are on an index by when they come back by themselves. */
export type DueParkReason = (typeof parkReasons)[number] | `breaker:${string}`;

export type ParkReason = DueParkReason | `tenant_slots:${string}`;

/** What a fallback ran for that stood in because there was too much to do: `fallbackFor` names a breaker else. */
export const fallbackForLoad = 'shed';

/**
 * Why a job was given back without using up an attempt. `shutdown`: its worker stops. `no_slot`: it was taken before a slot was free, and none
 * became free in time. `blocked`: another handler blocked the event loop before it began.
 */
export const releaseReasons = ['shutdown', 'no_slot', 'blocked'] as const;

export type ReleaseReason = (typeof releaseReasons)[number];

/** An error as it is stored and shown: bounded, and without anything that cannot be written as JSON. */
export interface ErrorReport {
  readonly class: ErrorClass;
  /** The error's `name`, e.g. `TypeError`. */
  readonly name: string;
  /** The error's `code` or HTTP status, if it has one. */
  readonly code?: string;
  readonly message: string;
  readonly stack?: string;
  /** Equal for failures of the same cause, so that they can be counted together. */
  readonly fingerprint: string;
}

/** How one attempt ended. The transport turns each into one atomic step in Redis. */
export type Outcome =
  | {
      readonly kind: 'completed';
      readonly resultJson: string;
      /** The breaker for which the kind's fallback ran instead of its handler, or `shed`; absent when the handler did the work. */
      readonly fallbackFor?: string;
    }
  | {
      readonly kind: 'retried';
      readonly delayMs: number;
      readonly error: ErrorReport;
      /** The dependency whose call made the attempt fail, where one did. */
      readonly dependency?: string;
    }
  | {
      readonly kind: 'parked';
      readonly delayMs: number;
      readonly reason: ParkReason;
      /** Why work gives way, where that is the reason. */
      readonly cause?: ShedReason;
    }
  | {
      readonly kind: 'dead_lettered';
      readonly reason: DeadLetterReason;
      readonly error: ErrorReport;
      /** False when the job was refused before its handler ran: there was no attempt to keep a record of. */
      readonly attempted: boolean;
      /** The dependency whose call made the attempt fail, where one did. */
      readonly dependency?: string;
    }
  | { readonly kind: 'interrupted'; readonly reason: ReleaseReason }
  | { readonly kind: 'lease_lost' };

export type OutcomeKind = Outcome['kind'];

/** One attempt, as it is kept in a job's history. */
export interface AttemptRecord {
  readonly attempt: number;
  readonly worker: string;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly error: Omit<ErrorReport, 'stack'>;
  /** The dependency whose call made it fail, where one did. */
  readonly dependency?: string;
}
