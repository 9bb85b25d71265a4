import { BulwarkError } from '../errors/bulwark-error.js';
import { formatDuration } from '../time/duration.js';

/** The reason a job's signal is aborted when its attempt took too long. */
export class JobTimeoutError extends BulwarkError {
  readonly code = 'BULWARK_JOB_TIMEOUT';
  readonly retryable = true;

  constructor(kind: string, timeoutMs: number) {
    super(`${kind} took longer than its timeout of ${formatDuration(timeoutMs)}`, { details: { kind, timeoutMs } });
  }
}

/** The reason a job's signal is aborted, or a job is not run, when it is too late to be worth doing. */
export class JobExpiredError extends BulwarkError {
  readonly code = 'BULWARK_JOB_EXPIRED';
  readonly retryable = false;
  readonly errorClass = 'expired';
}

/** The reason a job's signal is aborted when somebody called the job off. */
export class JobCancelledError extends BulwarkError {
  readonly code = 'BULWARK_JOB_CANCELLED';
  readonly retryable = false;
  readonly errorClass = 'cancelled';
}

/** The reason a job's signal is aborted when its worker shuts down and the drain deadline has passed. The job runs again elsewhere. */
export class DrainTimeoutError extends BulwarkError {
  readonly code = 'BULWARK_DRAIN_TIMEOUT';
  readonly retryable = true;

  constructor(drainTimeoutMs: number) {
    super(
      `the worker is shutting down and the job did not end within ${formatDuration(drainTimeoutMs)}; it will run again elsewhere`,
    );
  }
}
