import { BulwarkError } from '../errors/bulwark-error.js';

/** Thrown when Redis cannot be reached or does not answer in time. Whatever was asked may or may not have happened. */
export class RedisUnavailableError extends BulwarkError {
  readonly code = 'BULWARK_REDIS_UNAVAILABLE';
  readonly retryable = true;
}
