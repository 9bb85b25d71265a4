import type { JobCrash } from '../job/crash.js';
import type { AttemptRecord, DeadLetterReason, ErrorReport } from '../job/outcome.js';
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

/** A dead-lettered job, whole. */
export interface DeadLetter extends DeadLetterRecord {
  /** The id under which it lies in the dead-letter queue. */
  readonly deadId: string;
  readonly kind: string;
  readonly payload: unknown;
  readonly key?: string;
  readonly tenant?: string;
  readonly version?: number;
  /** Zero when the job does not say, or says what is no moment; so is the next one. */
  readonly enqueuedAt: EpochMs;
  readonly diedAt: EpochMs;
  /** The last attempts, oldest first. */
  readonly attempts: readonly AttemptRecord[];
  /** How often a worker was lost that ran it, and the last of those losses, the newest last. */
  readonly crashes: number;
  readonly crashHistory: readonly JobCrash[];
}
