import { BulwarkError } from '../errors/bulwark-error.js';

/**
 * Thrown by `defineJob`, `defineQueue` and `defineDependency` when a definition cannot work, and by `enqueue` for options that
 * it does not know. A mistake in code: fix it there.
 */
export class DefinitionError extends BulwarkError {
  readonly code = 'BULWARK_DEFINITION_INVALID';
  readonly retryable = false;
}

/** Of what a definition names. */
export const longestName = 100;

const namePattern = /^[a-z0-9][a-z0-9._-]*$/i;

/**
 * Refuses names that would break a Redis key, a metric label or a command line.
 *
 * @throws DefinitionError when the name has other characters than letters, digits, dot, dash and underscore, or more than 100.
 */
export function assertName(what: string, name: unknown): asserts name is string {
  if (typeof name === 'string' && name.length <= longestName && namePattern.test(name)) return;
  throw new DefinitionError(
    `${what} must start with a letter or digit and hold only letters, digits, '.', '-' and '_' (at most ${longestName}), got ${JSON.stringify(name)}`,
  );
}
