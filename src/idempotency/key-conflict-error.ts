import { BulwarkError } from '../errors/bulwark-error.js';

/** Thrown at enqueue when a key was given to another payload before, and by a worker that finds two such jobs. Nothing is written over. */
export class KeyConflictError extends BulwarkError {
  readonly code = 'BULWARK_KEY_CONFLICT';
  readonly retryable = false;
}
