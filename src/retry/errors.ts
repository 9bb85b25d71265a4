import { type DurationInput, type DurationMs, parseDuration } from '../time/duration.js';

/** Base of the errors by which a handler says what its failure means. */
abstract class VerdictError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Thrown by a handler: the world was in the way, trying again may help. */
export class TransientError extends VerdictError {
  readonly errorClass = 'transient';
}

/** Thrown by a handler: the other side asked for later. The job runs again no sooner than `retryAfter`. */
export class ThrottledError extends VerdictError {
  readonly errorClass = 'throttled';
  readonly retryAfterMs: DurationMs | undefined;

  constructor(message: string, options: ErrorOptions & { readonly retryAfter?: DurationInput } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfter === undefined ? undefined : parseDuration(options.retryAfter);
  }
}

/** Thrown by a handler: the same input will fail the same way. The job is dead-lettered at once. */
export class PermanentError extends VerdictError {
  readonly errorClass = 'permanent';
}

/** Thrown by a handler: an expected "no". The job is dead-lettered at once, and it counts against nobody. */
export class BusinessError extends VerdictError {
  readonly errorClass = 'business';
}
