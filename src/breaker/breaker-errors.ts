import { BulwarkError } from '../errors/bulwark-error.js';
import { formatDuration } from '../time/duration.js';
import type { BreakerPhase, BreakerReason, BreakerState } from './breaker-state.js';
import type { Decider } from './decide-door.js';

interface RefusalDetails {
  readonly breaker: string;
  readonly by: Decider;
  readonly retryAfterMs: number;
}

/** A call that was not made. Trying again helps, but not before `retryAfterMs`. */
export abstract class CallRefusedError extends BulwarkError {
  readonly retryable = true;
  readonly errorClass = 'transient';
  /** The breaker that refused: a dependency, or `<dependency>/<key>`. */
  readonly breaker: string;
  /** `fleet`: no worker may call now. `worker`: this one may not, others perhaps. */
  readonly by: Decider;
  /** Of the breaker. Closed: calls are made, and there was no room for this one. */
  readonly phase: BreakerPhase;
  readonly retryAfterMs: number;

  constructor(message: string, phase: BreakerPhase, { breaker, by, retryAfterMs, ...details }: RefusalDetails) {
    super(message, { details: { breaker, by, retryAfterMs, ...details } });
    this.breaker = breaker;
    this.by = by;
    this.phase = phase;
    this.retryAfterMs = retryAfterMs;
  }
}

const openReasons: Readonly<Partial<Record<BreakerReason, string>>> = {
  failure_rate: 'too many of its calls failed',
  consecutive_failures: 'its calls failed one after the other',
  slow_calls: 'nearly all of its calls were slow',
  probe_failed: 'it still fails',
  probe_expired: 'it still gives no answer',
  isolation_expired: 'it has not been tried since its isolation ended',
};

const standings = {
  closed: 'has closed a short while ago and lets calls through by and by',
  half_open: 'is trying it with others',
  isolated: 'is isolated',
} as const;

/** Thrown by `ctx.call` instead of making a call that would most likely fail. */
export class BreakerOpenError extends CallRefusedError {
  readonly code = 'BULWARK_BREAKER_OPEN';

  constructor(breaker: string, by: Decider, { phase, reason }: BreakerState, retryAfterMs: number) {
    const whose = by === 'fleet' ? 'its breaker' : "this worker's breaker of it";
    super(
      `${breaker} was not called: ${whose} ${phase === 'open' ? `is open, because ${openReasons[reason] ?? reason}` : standings[phase]}; try again in ${formatDuration(retryAfterMs)}`,
      phase,
      { breaker, by, retryAfterMs, ...{ phase, reason } },
    );
  }
}

/** Thrown by `ctx.call` while an operator keeps everybody away from the dependency. */
export class BreakerIsolatedError extends CallRefusedError {
  readonly code = 'BULWARK_BREAKER_ISOLATED';

  constructor(breaker: string, { phase, by: who, why }: BreakerState, retryAfterMs: number) {
    super(
      `${breaker} was not called: ${who ?? 'an operator'} isolated it${why === undefined ? '' : ` (${why})`}; \`bulwark breaker release ${breaker}\` ends that`,
      phase,
      { breaker, by: 'fleet', retryAfterMs, ...{ who, why } },
    );
  }
}

/** Thrown by `ctx.call` when this worker makes as many calls at once as the dependency's `capacity` allows. */
export class DependencyBusyError extends CallRefusedError {
  readonly code = 'BULWARK_DEPENDENCY_BUSY';

  constructor(breaker: string, capacity: number, retryAfterMs: number) {
    super(
      `${breaker} was not called: this worker makes ${capacity} calls of it already, which is its capacity`,
      'closed',
      {
        breaker,
        by: 'worker',
        retryAfterMs,
        ...{ capacity },
      },
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
