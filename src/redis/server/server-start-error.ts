import { BulwarkError } from '../../errors/bulwark-error.js';

/** Thrown when a Redis of our own does not come up. The message quotes the server's own log. */
export class ServerStartError extends BulwarkError {
  readonly code = 'BULWARK_REDIS_UNAVAILABLE';
  readonly retryable = false;
}
