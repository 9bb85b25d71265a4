import type { JobCrash } from '../job/crash.js';
import type { AttemptRecord, DeadLetterReason, ErrorClass, ErrorReport } from '../job/outcome.js';
import type { TrailEntry } from '../job/trail.js';
import type { EpochMs } from '../time/duration.js';

/** Why a job lies in the dead-letter queue, as it is stored beside the job (field `bwd`). */
export interface DeadLetterRecord {
  readonly reason: DeadLetterReason;
  readonly error: ErrorReport;
  readonly queue: string;
  /** The job's id before; the id in the dead-letter queue has a suffix when the same id died again since. */
  readonly id: string;
  /** Who dead-lettered it: a worker, or the supervisor for a poison job. */
  readonly by: string;
  readonly traceId?: string;
  readonly traceparent?: string;
  /** The options as they were written, when they were not JSON. Cut to a few KB. */
  readonly unreadableOptions?: string;
}

/** Why a letter lies there, as far as it says: `unknown` when its record cannot be read, or was never written. */
export type LetterReason = DeadLetterReason | 'unknown';

/** The last error of a letter, as far as it says. */
export interface LetterError extends Omit<ErrorReport, 'class'> {
  readonly class: ErrorClass | 'unknown';
}

/** What tells dead letters apart: enough to choose among thousands, read without their payloads. */
export interface LetterSummary {
  /** The id under which it lies in the dead-letter queue. */
  readonly deadId: string;
  /** The id it had, and gets back. */
  readonly id: string;
  readonly queue: string;
  readonly kind: string;
  readonly reason: LetterReason;
  readonly error: LetterError;
  readonly key?: string;
  readonly tenant?: string;
  readonly version?: number;
  /** By its place among the dead letters, which anybody may have written: it need not be a moment. */
  readonly diedAt: EpochMs;
}

/** A dead-lettered job, whole. */
export interface DeadLetter extends LetterSummary, Omit<DeadLetterRecord, 'reason' | 'error' | 'queue' | 'id'> {
  readonly payload: unknown;
  /** Zero when the job does not say, or says what is no moment. */
  readonly enqueuedAt: EpochMs;
  /** The last attempts, oldest first. */
  readonly attempts: readonly AttemptRecord[];
  /** How often a worker was lost that ran it, and the last of those losses, the newest last. */
  readonly crashes: number;
  readonly crashHistory: readonly JobCrash[];
  /** Its durable steps that are done, in order. */
  readonly steps: readonly LetterStep[];
  /** What else happened to it, oldest first: redrives among it. */
  readonly trail: readonly TrailEntry[];
}

/** A durable step that is done: it is not run again when the job is redriven. */
export interface LetterStep {
  readonly name: string;
  readonly at?: EpochMs;
}
