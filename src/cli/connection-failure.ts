import { isBulwarkError } from '../errors/bulwark-error.js';
import { errorMessage } from '../errors/error-message.js';
import { RedisUnavailableError } from '../redis/redis-unavailable-error.js';

const networkCodes: readonly unknown[] = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
];

/** Says in our words that Redis went away while it was asked; any other error stays as it is. */
export function asUnavailable(error: unknown): unknown {
  if (isBulwarkError(error) || !isConnectionFailure(error)) return error;
  return new RedisUnavailableError(`Redis gave no answer: ${errorMessage(error)}`, { cause: error });
}

/** ioredis has no class for these. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.message === 'Command timed out' ||
    error.message.startsWith('Connection is closed') ||
    networkCodes.includes((error as { readonly code?: unknown }).code)
  );
}
