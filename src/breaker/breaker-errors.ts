import { BulwarkError } from '../errors/bulwark-error.js';
import { formatDuration } from '../time/duration.js';

/** A call that was not made. Trying again helps, but not before `retryAfterMs`. */
export abstract class CallRefusedError extends BulwarkError {
  readonly retryable = true;
  readonly errorClass = 'transient';
  /** The breaker that refused: a dependency, or `<dependency>/<key>`. */
  readonly breaker: string;
  readonly retryAfterMs: number;

  constructor(message: string, breaker: string, retryAfterMs: number, details: Readonly<Record<string, unknown>> = {}) {
    super(message, { details: { breaker, retryAfterMs, ...details } });
    this.breaker = breaker;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Thrown by `ctx.call` instead of making a call that would most likely fail. */
export class BreakerOpenError extends CallRefusedError {
  readonly code = 'BULWARK_BREAKER_OPEN';

  constructor(breaker: string, why: string, retryAfterMs: number) {
    super(
      `${breaker} was not called: its breaker ${why}; try again in ${formatDuration(retryAfterMs)}`,
      breaker,
      retryAfterMs,
    );
  }
}

/** Thrown by `ctx.call` while an operator keeps everybody away from the dependency. */
export class BreakerIsolatedError extends CallRefusedError {
  readonly code = 'BULWARK_BREAKER_ISOLATED';

  constructor(breaker: string, by: string | undefined, why: string | undefined, retryAfterMs: number) {
    super(
      `${breaker} was not called: ${by ?? 'an operator'} isolated it${why === undefined ? '' : ` (${why})`}; \`bulwark breaker release ${breaker}\` ends that`,
      breaker,
      retryAfterMs,
      { by, why },
    );
  }
}

/** Thrown by `ctx.call` when this worker makes as many calls at once as the dependency's `capacity` allows. */
export class DependencyBusyError extends CallRefusedError {
  readonly code = 'BULWARK_DEPENDENCY_BUSY';

  constructor(breaker: string, capacity: number, retryAfterMs: number) {
    super(
      `${breaker} was not called: this worker makes ${capacity} calls of it already, which is its capacity`,
      breaker,
      retryAfterMs,
      { capacity },
    );
  }
}

/** How far down a chain of causes a refusal is looked for. */
const maxDepth = 5;

/** Finds the refused call in what a handler threw, or in what caused that; undefined when there is none. Never throws. */
export function refusalIn(error: unknown): CallRefusedError | undefined {
  try {
    let current = error;
    for (let depth = 0; depth < maxDepth && typeof current === 'object' && current !== null; depth++) {
      if (current instanceof CallRefusedError) return current;
      const { cause, errors } = current as { readonly cause?: unknown; readonly errors?: unknown };
      current = cause ?? (Array.isArray(errors) ? errors.find((each) => each instanceof CallRefusedError) : undefined);
    }
  } catch {
    // The error's own code threw while it was looked at: it is no refusal of ours.
  }
  return undefined;
}
