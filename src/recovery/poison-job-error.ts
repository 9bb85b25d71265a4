import { BulwarkError } from '../errors/bulwark-error.js';

/** Why a job was dead-lettered without having failed: its worker died with it again and again. */
export class PoisonJobError extends BulwarkError {
  readonly code = 'BULWARK_JOB_POISON';
  readonly retryable = false;

  constructor(crashes: number) {
    super(`workers died ${crashes} times while they ran this job; it may be what kills them`, { details: { crashes } });
  }
}
