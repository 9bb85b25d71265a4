import { BulwarkError } from '../errors/bulwark-error.js';

const anyFate =
  'the id is mistyped, or the job was purged, or it completed so long ago that it is no longer kept (job.keepCompletedMs, job.keepCompletedCount)';

/** Thrown when no queue and no dead-letter queue holds a job of this id. */
export class JobNotFoundError extends BulwarkError {
  readonly code = 'BULWARK_JOB_NOT_FOUND';
  readonly retryable = false;

  /** @param fate - what became of it, where that is known. */
  constructor(id: string, where: string, fate: string = anyFate) {
    super(`no job ${JSON.stringify(id)} in ${where}: ${fate}`, { details: { id } });
  }
}
