import { BulwarkError } from '../errors/bulwark-error.js';

/** The reason a job's signal is aborted when somebody else may own the job: its result will not be accepted any more. */
export class LeaseLostError extends BulwarkError {
  readonly code = 'BULWARK_LEASE_LOST';
  readonly retryable = true;

  constructor(jobId: string) {
    super(
      `the lease of job ${jobId} is lost; another attempt owns the job, so this one's result would not be accepted`,
      {
        details: { jobId },
      },
    );
  }
}
