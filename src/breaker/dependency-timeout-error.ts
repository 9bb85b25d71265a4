import { BulwarkError } from '../errors/bulwark-error.js';
import { formatDuration } from '../time/duration.js';

/** Thrown by `ctx.call` when a dependency did not answer in time. */
export class DependencyTimeoutError extends BulwarkError {
  readonly code = 'BULWARK_DEPENDENCY_TIMEOUT';
  readonly retryable = true;

  constructor(dependency: string, timeoutMs: number) {
    super(`${dependency} did not answer within ${formatDuration(timeoutMs)}`, { details: { dependency, timeoutMs } });
  }
}
