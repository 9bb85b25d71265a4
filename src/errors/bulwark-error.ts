import type { ErrorCode } from './codes.js';

export interface BulwarkErrorOptions {
  /** Facts about the failure, safe to log: never a payload, never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** The error underneath. */
  readonly cause?: unknown;
}

/**
 * The base of everything Bulwark throws on purpose.
 *
 * `code` is stable and meant for programs; the message is meant for people: what happened, which value, what was
 * expected, what to do. `retryable` says whether the same call can succeed later without a change by the caller.
 */
export abstract class BulwarkError extends Error {
  abstract readonly code: ErrorCode;
  abstract readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, options: BulwarkErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details ?? {};
  }
}

/** True for every error of Bulwark, also for one that comes from another copy of the package. */
export function isBulwarkError(error: unknown): error is BulwarkError {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('BULWARK_')
  );
}
