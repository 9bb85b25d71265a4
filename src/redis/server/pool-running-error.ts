import { BulwarkError } from '../../errors/bulwark-error.js';

/** Thrown when a pool is asked to start in a folder whose server another pool holds. Two servers must never write one set of files. */
export class PoolRunningError extends BulwarkError {
  readonly code = 'BULWARK_POOL_RUNNING';
  readonly retryable = false;
}
