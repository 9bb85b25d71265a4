import { BulwarkError } from '../errors/bulwark-error.js';

/** Thrown when no queue and no dead-letter queue holds a job of this id. */
export class JobNotFoundError extends BulwarkError {
  readonly code = 'BULWARK_JOB_NOT_FOUND';
  readonly retryable = false;

  constructor(id: string, where: string) {
    super(
      `no job ${JSON.stringify(id)} in ${where}: the id is mistyped, or the job was purged, or it completed so long ago that it is no longer kept (job.keepCompletedMs, job.keepCompletedCount)`,
      { details: { id } },
    );
  }
}
