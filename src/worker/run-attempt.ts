import { JobExpiredError, JobTimeoutError } from '../job/abort-reasons.js';
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
  /** Aborted from outside: shutdown, cancellation, lost lease. */
  readonly signal: AbortSignal;
  /** How long the handler has to react to its signal before it is given up on. */
  readonly abortGraceMs: number;
  readonly clock: Clock;
  readonly createContext: (signal: AbortSignal, deadline: EpochMs) => JobContext;
}

/**
 * Runs a handler once, under its timeout. Never throws.
 *
 * A handler that returns although its signal was aborted has done its work, and that counts. One that neither returns nor
 * throws within the grace is given up on: it may go on in the background, but nobody waits for it. With a signal that is aborted
 * already the handler is not started: nobody wants its work any more.
 */
export async function runAttempt(options: AttemptOptions): Promise<AttemptEnd> {
  const { definition, payload, jobDeadline, signal, abortGraceMs, clock } = options;
  if (signal.aborted) return { kind: 'aborted', reason: reasonOf(signal), abandoned: false };
  const now = clock.now();
  const deadline = Math.min(now + definition.timeoutMs, jobDeadline ?? Number.POSITIVE_INFINITY) as EpochMs;

  const abort = new AbortController();
  const abortFromOutside = () => abort.abort(signal.reason);
  signal.addEventListener('abort', abortFromOutside, { once: true });
  const timeout = setTimeout(() => {
    abort.abort(
      deadline === jobDeadline
        ? new JobExpiredError(`the job's deadline ${new Date(deadline).toISOString()} passed while it ran`)
        : new JobTimeoutError(definition.kind, definition.timeoutMs),
    );
  }, deadline - now);

  let grace: NodeJS.Timeout | undefined;
  const graceOver = new Promise<'abandoned'>((resolve) => {
    const wait = () => {
      grace = setTimeout(() => resolve('abandoned'), abortGraceMs);
    };
    abort.signal.addEventListener('abort', wait, { once: true });
  });

  const handler = startHandler(definition, payload, options.createContext(abort.signal, deadline));
  try {
    const end = await Promise.race([handler, graceOver]);
    if (end === 'abandoned') return { kind: 'aborted', reason: reasonOf(abort.signal), abandoned: true };
    if (end.kind === 'threw' && abort.signal.aborted) {
      return { kind: 'aborted', reason: reasonOf(abort.signal), abandoned: false };
    }
    return end;
  } finally {
    clearTimeout(timeout);
    clearTimeout(grace);
    signal.removeEventListener('abort', abortFromOutside);
  }
}

async function startHandler(definition: AnyJobDefinition, payload: unknown, ctx: JobContext): Promise<AttemptEnd> {
  try {
    return { kind: 'returned', value: await definition.run(payload, ctx) };
  } catch (error) {
    return { kind: 'threw', error };
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}
