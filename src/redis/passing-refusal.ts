import { isBulwarkError } from '../errors/bulwark-error.js';
import { errorMessage } from '../errors/error-message.js';

/** What Redis says when it cannot do now what it could do later. */
const passingRefusal = /^(OOM|LOADING|BUSY|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN)\b/;

/** Whether the same call can succeed later: Redis gave no answer, or refused for a reason that passes. */
export function isPassing(error: unknown): boolean {
  if (isBulwarkError(error)) return error.retryable;
  const isAnswer = error instanceof Error && error.name === 'ReplyError';
  return !isAnswer || passingRefusal.test(errorMessage(error));
}
