import { BulwarkError } from '../errors/bulwark-error.js';

/** Why a job was dead-lettered without having failed: its worker died with it again and again. */
export class PoisonJobError extends BulwarkError {
  readonly code = 'BULWARK_JOB_POISON';
  readonly retryable = false;

  /** @param last - how the last of them ended, if anybody saw it: "killed by SIGSEGV". */
  constructor(crashes: number, last?: string) {
    super(
      `workers died ${crashes} times while they ran this job${last === undefined ? '' : `, the last one ${last}`}; it may be what kills them`,
      { details: { crashes } },
    );
  }
}
