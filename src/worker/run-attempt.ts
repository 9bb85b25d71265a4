import { JobExpiredError, JobTimeoutError } from '../job/abort-reasons.js';
import type { Cancellation } from '../job/cancellation.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { JobContext } from '../job/job-context.js';
import type { Clock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';

/** How a handler's run ended. `aborted` carries why its signal was aborted; the handler may have reacted or been given up on. */
export type AttemptEnd =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly reason: Error; readonly abandoned: boolean };

export interface AttemptOptions {
  readonly definition: AnyJobDefinition;
  readonly payload: unknown;
  /** When the job stops being worth doing, if ever. */
  readonly jobDeadline: EpochMs | undefined;
  /** Called off from outside (shutdown, cancellation, lost lease), or from here when time is up. */
  readonly cancellation: Cancellation;
  /** How long the handler has to react to its signal before it is given up on. */
  readonly abortGraceMs: number;
  readonly clock: Clock;
  readonly createContext: (deadline: EpochMs) => JobContext;
}

/** Stands for a handler that did not end in time. */
const abandoned: AttemptEnd = { kind: 'threw', error: undefined };

/**
 * Runs a handler once, under its timeout. Never throws.
 *
 * A handler that returns although its signal was aborted has done its work, and that counts. One that neither returns nor
 * throws within the grace is given up on: it may go on in the background, but nobody waits for it. When the run was called off
 * already the handler is not started: nobody wants its work any more.
 */
export async function runAttempt(options: AttemptOptions): Promise<AttemptEnd> {
  const { definition, payload, jobDeadline, cancellation, abortGraceMs, clock } = options;
  if (cancellation.reason) return { kind: 'aborted', reason: cancellation.reason, abandoned: false };
  const now = clock.now();
  const deadline = Math.min(now + definition.timeoutMs, jobDeadline ?? Number.POSITIVE_INFINITY) as EpochMs;

  const timeout = setTimeout(() => {
    cancellation.abort(
      deadline === jobDeadline
        ? new JobExpiredError(`the job's deadline ${new Date(deadline).toISOString()} passed while it ran`)
        : new JobTimeoutError(definition.kind, definition.timeoutMs),
    );
  }, deadline - now);

  let grace: NodeJS.Timeout | undefined;
  const end = await new Promise<AttemptEnd>((resolve, reject) => {
    cancellation.onAbort(() => {
      grace = setTimeout(resolve, abortGraceMs, abandoned);
    });
    startHandler(definition, payload, options.createContext(deadline)).then(resolve, reject);
  });
  clearTimeout(timeout);
  clearTimeout(grace);
  const { reason } = cancellation;
  return reason && end.kind !== 'returned' ? { kind: 'aborted', reason, abandoned: end === abandoned } : end;
}

async function startHandler(definition: AnyJobDefinition, payload: unknown, ctx: JobContext): Promise<AttemptEnd> {
  try {
    return { kind: 'returned', value: await definition.run(payload, ctx) };
  } catch (error) {
    return { kind: 'threw', error };
  }
}
