import { isBulwarkError } from '../errors/bulwark-error.js';
import { errorMessage } from '../errors/error-message.js';
import { networkCodes } from '../errors/network-codes.js';
import { RedisUnavailableError } from './redis-unavailable-error.js';

/** Says in our words that Redis went away while it was asked; any other error stays as it is. */
export function asUnavailable(error: unknown): unknown {
  if (isBulwarkError(error) || !isConnectionFailure(error)) return error;
  return new RedisUnavailableError(`Redis gave no answer: ${errorMessage(error)}`, { cause: error });
}

/** ioredis has no class for most of these. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { readonly code?: unknown };
  return (
    error.message === 'Command timed out' ||
    error.message.startsWith('Connection is closed') ||
    error.name === 'MaxRetriesPerRequestError' ||
    // Not every code of the system: that a file is not there says nothing of Redis.
    (typeof code === 'string' && networkCodes.includes(code))
  );
}
