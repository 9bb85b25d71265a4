import { BulwarkError } from '../errors/bulwark-error.js';
import { pause } from '../time/clock.js';
import { type DurationInput, formatDuration, parseDuration } from '../time/duration.js';
import type { QueueInspector } from '../transport/queue-inspector.js';
import type { JobOutcomeView } from '../transport/view-scripts.js';

export interface WaitOptions {
  /**
   * How long to wait.
   * @defaultValue '1m'
   */
  readonly timeout?: DurationInput;
  readonly signal?: AbortSignal;
}

/** Thrown by `wait` when the job was dead-lettered, failed, or is gone. */
export class JobFailedError extends BulwarkError {
  readonly code = 'BULWARK_JOB_FAILED';
  readonly retryable = false;
}

/** Thrown by `wait` when the job has not ended in time. The job itself goes on. */
export class WaitTimeoutError extends BulwarkError {
  readonly code = 'BULWARK_WAIT_TIMEOUT';
  readonly retryable = true;
}

/** What a job came to. `fallback`: its handler did not run, because a dependency was down or there was too much to do; the result is that of the kind's fallback. */
interface CompletedJob {
  readonly result: unknown;
  readonly fallback: boolean;
}

const firstPauseMs = 20;
const longestPauseMs = 500;

/** Asks for the job's outcome, soon at first and then at leisure, until it has ended or time is up. */
export async function awaitOutcome(
  inspector: QueueInspector,
  job: { readonly id: string; readonly queue: string; readonly kind: string },
  { timeout = '1m', signal }: WaitOptions,
): Promise<CompletedJob> {
  const timeoutMs = parseDuration(timeout);
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const [outcome] = await inspector.outcomes(job.queue, [job.id]);
    if (outcome && outcome.state !== 'pending') return resultOf(outcome, job);
    signal?.throwIfAborted();
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) {
      throw new WaitTimeoutError(
        `job ${job.id} of ${job.kind} has not ended within ${formatDuration(timeoutMs)}; it goes on`,
      );
    }
    await pause(Math.min(pauseMs, leftMs), signal);
  }
}

function resultOf(outcome: JobOutcomeView, { id, kind }: { readonly id: string; readonly kind: string }): CompletedJob {
  switch (outcome.state) {
    case 'completed':
      return { result: outcome.result, fallback: outcome.fallback === true };
    case 'dead_lettered':
      throw new JobFailedError(
        `job ${id} of ${kind} was dead-lettered (${outcome.record.reason}): ${outcome.record.error.message}`,
        {
          details: { id, kind, reason: outcome.record.reason },
        },
      );
    case 'failed':
      throw new JobFailedError(`job ${id} of ${kind} failed: ${outcome.message}`, { details: { id, kind } });
    default:
      throw new JobFailedError(
        `job ${id} of ${kind} is gone: it was purged, or it ended so long ago that its result is no longer kept`,
        {
          details: { id, kind },
        },
      );
  }
}
