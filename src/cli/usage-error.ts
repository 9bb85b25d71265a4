import { BulwarkError } from '../errors/bulwark-error.js';

/** Thrown when a command was given what it cannot work with. The message says what was expected; nothing was changed. */
export class UsageError extends BulwarkError {
  readonly code = 'BULWARK_USAGE_INVALID';
  readonly retryable = false;
}
