import type { JobCrash } from '../../job/crash.js';

/** One thing that happened to a job. The names are stable: programs read them with `--json`. */
export type Moment = Placed & Happening;

export interface Placed {
  /** In ms since the epoch, never before the moment above it; null when nobody knows. */
  readonly at: number | null;
  /** What the clock said that told of it, where that cannot have been so: clocks of different hosts differ. */
  readonly saidAt?: number;
}

export type Happening =
  | Enqueued
  | Started
  | AttemptFailed
  | StepDone
  | Crashed
  | Parked
  | Returned
  | GivenBack
  | FellBack
  | Redriven
  | DeadLettered
  | Completed
  | FailedInQueue
  | Noted
  | LeftOut;

interface Enqueued {
  readonly what: 'enqueued';
  readonly by?: string;
  readonly key?: string;
  readonly tenant?: string;
  readonly traceId?: string;
  /** How long its producer wanted it to wait. */
  readonly delayMs?: number;
  readonly deadline?: number;
  readonly parent?: string;
  readonly scheduler?: string;
}

interface Started {
  readonly what: 'started';
  readonly worker?: string;
  /** Counted from 1, and anew after a redrive; absent where that is not known. */
  readonly attempt?: number;
  /** How long it had waited, and what for: `turn` among the others, the `delay` that was asked for, the `backoff` after a failure. */
  readonly waitedMs?: number;
  readonly waitedFor?: 'turn' | 'delay' | 'backoff' | 'parked' | 'recovery';
}

interface AttemptFailed {
  readonly what: 'attempt_failed';
  readonly attempt?: number;
  readonly worker?: string;
  readonly ranMs?: number;
  readonly error: MomentError;
}

/** An error as it is told: short. */
export interface MomentError {
  readonly name: string;
  readonly code?: string;
  readonly message?: string;
  readonly class?: string;
  readonly fingerprint?: string;
}

interface StepDone {
  readonly what: 'step_done';
  readonly name: string;
}

interface Crashed extends Omit<JobCrash, 'at'> {
  readonly what: 'crashed';
  /** Counted from 1, and anew after a redrive. */
  readonly crash?: number;
}

interface Parked {
  readonly what: 'parked';
  readonly reason: string;
  /** Why work gave way, where that is the reason. */
  readonly cause?: string;
  /** When it comes back by itself. */
  readonly until?: number;
  /** How often in a row by now. */
  readonly times?: number;
}

/** By the leader, before it was due. */
interface Returned {
  readonly what: 'returned';
  readonly reason: string;
}

/** By its worker, before it began or because it did not end in time. */
interface GivenBack {
  readonly what: 'given_back';
  readonly by?: string;
  readonly reason?: string;
  readonly times?: number;
}

/** Its fallback ran instead of its handler. */
interface FellBack {
  readonly what: 'fallback';
  /** The dependency that was down; `shed` when there was too much to do. */
  readonly breaker?: string;
}

interface Redriven {
  readonly what: 'redriven';
  readonly by?: string;
}

interface DeadLettered {
  readonly what: 'dead_lettered';
  readonly reason: string;
  readonly by?: string;
  readonly error?: MomentError;
  /** The id under which it lies in the dead-letter queue, if it still does. */
  readonly deadId?: string;
}

interface Completed {
  readonly what: 'completed';
  readonly worker?: string;
  readonly ranMs?: number;
  /** The beginning of its JSON. */
  readonly result?: string;
}

/** Failed inside its queue: a job of a flow, or one that a plain BullMQ worker ran. */
interface FailedInQueue {
  readonly what: 'failed';
  readonly worker?: string;
  readonly ranMs?: number;
  readonly message?: string;
}

/** Something that the trail tells and this version has no words for. */
interface Noted {
  readonly what: 'noted';
  readonly name: string;
  /** The beginning of its JSON. */
  readonly details: string;
}

/** A story is bounded: of one that is too long the middle is left out. */
interface LeftOut {
  readonly what: 'left_out';
  readonly moments: number;
}
