import { JobExpiredError, JobTimeoutError } from '../job/abort-reasons.js';
import type { Cancellation } from '../job/cancellation.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { JobContext } from '../job/job-context.js';
import type { AttemptSpan } from '../telemetry/tracing/attempt-span.js';
import type { Clock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';

/** How a handler's run ended. `aborted` carries why its signal was aborted; the handler may have reacted or been given up on. */
export type AttemptEnd =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly reason: Error; readonly abandoned: boolean };

export interface AttemptOptions {
  readonly definition: AnyJobDefinition;
  /** Which of the kind's two functions runs. */
  readonly runs: 'run' | 'fallback';
  readonly payload: unknown;
  /** When the job stops being worth doing, if ever. */
  readonly jobDeadline: EpochMs | undefined;
  /** Called off from outside (shutdown, cancellation, lost lease), or from here when time is up. */
  readonly cancellation: Cancellation;
  /** How long the handler has to react to its signal before it is given up on. */
  readonly abortGraceMs: number;
  readonly clock: Clock;
  /** What the handler runs as a part of; undefined when nobody traces. */
  readonly span: AttemptSpan | undefined;
  readonly createContext: (deadline: EpochMs) => JobContext;
  /** Told of a handler that is given up on, with a promise that settles should it end after all. */
  readonly onAbandoned: (ended: Promise<unknown>) => void;
}

/**
 * Runs a handler once, under its timeout. Never throws.
 *
 * A handler that returns although its signal was aborted has done its work, and that counts. One that neither returns nor
 * throws within the grace is given up on: it may go on in the background, but nobody waits for it. When the run was called off
 * already the handler is not started: nobody wants its work any more.
 */
export function runAttempt(options: AttemptOptions): Promise<AttemptEnd> {
  const { reason } = options.cancellation;
  if (reason) return Promise.resolve({ kind: 'aborted', reason, abandoned: false });
  return new Promise((resolve) => {
    new Attempt(options, resolve).start();
  });
}

/** One run of a handler, from its start to the first of: it returned, it threw, it was given up on. */
class Attempt {
  readonly #options: AttemptOptions;
  readonly #resolve: (end: AttemptEnd) => void;
  readonly #deadline: EpochMs;
  #timeout: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;
  #handled: Promise<unknown> = Promise.resolve();

  constructor(options: AttemptOptions, resolve: (end: AttemptEnd) => void) {
    const { definition, jobDeadline, clock } = options;
    this.#options = options;
    this.#resolve = resolve;
    this.#deadline = Math.min(clock.now() + definition.timeoutMs, jobDeadline ?? Number.POSITIVE_INFINITY) as EpochMs;
  }

  start(): void {
    const { definition, runs, payload, cancellation, clock, span, createContext } = this.#options;
    this.#timeout = setTimeout(timeIsUp, this.#deadline - clock.now(), this);
    cancellation.onAbort(() => {
      this.#grace = setTimeout(abandon, this.#options.abortGraceMs, this);
    });
    try {
      const handle = () => definition[runs]?.(payload, createContext(this.#deadline));
      this.#handled = Promise.resolve(span === undefined ? handle() : span.run(handle));
      this.#handled.then(
        (value) => this.#end({ kind: 'returned', value }),
        (error: unknown) => this.#threw(error, false),
      );
    } catch (error) {
      this.#threw(error, false);
    }
  }

  timeIsUp(): void {
    const { definition, jobDeadline, cancellation } = this.#options;
    cancellation.abort(
      this.#deadline === jobDeadline
        ? new JobExpiredError(`the job's deadline ${new Date(this.#deadline).toISOString()} passed while it ran`)
        : new JobTimeoutError(definition.kind, definition.timeoutMs),
    );
  }

  abandon(): void {
    this.#options.onAbandoned(this.#handled);
    this.#threw(undefined, true);
  }

  #threw(error: unknown, abandoned: boolean): void {
    const { reason } = this.#options.cancellation;
    this.#end(reason ? { kind: 'aborted', reason, abandoned } : { kind: 'threw', error });
  }

  #end(end: AttemptEnd): void {
    clearTimeout(this.#timeout);
    clearTimeout(this.#grace);
    // Whoever calls the run off from now on cannot mean the handler any more.
    this.#options.cancellation.onAbort(ignore);
    this.#options.span?.leave();
    this.#resolve(end);
  }
}

function ignore(): void {}

function timeIsUp(attempt: Attempt): void {
  attempt.timeIsUp();
}

function abandon(attempt: Attempt): void {
  attempt.abandon();
}
