import { asUnavailable } from '../../redis/as-unavailable.js';
import { RedisUnavailableError } from '../../redis/redis-unavailable-error.js';
import { pause } from '../../time/clock.js';
import type { QueueInspector } from '../../transport/queue-inspector.js';
import type { JobOutcomeView } from '../../transport/view-scripts.js';

export interface AwaitOptions {
  readonly inspector: Pick<QueueInspector, 'outcomes'>;
  readonly queue: string;
  readonly ids: readonly string[];
  readonly timeoutMs: number;
  /** Aborted when nobody wants to wait any more. */
  readonly signal: AbortSignal;
  readonly onProgress: (ended: number) => void;
  /** Told once of each time Redis stops answering; the jobs do not depend on us, so the wait goes on. */
  readonly onTrouble: (error: RedisUnavailableError) => void;
}

export interface Awaited {
  readonly end: 'all_ended' | 'timeout' | 'interrupted';
  /** By id; those that had not ended are `pending`. */
  readonly outcomes: ReadonlyMap<string, JobOutcomeView>;
}

const batchSize = 200;
const firstPauseMs = 50;
const longestPauseMs = 500;

/** Asks how far jobs are, soon at first and then at leisure, until all have ended or time is up. */
export async function awaitJobs(options: AwaitOptions): Promise<Awaited> {
  const { ids, timeoutMs, signal, onProgress } = options;
  const outcomes = new Map<string, JobOutcomeView>(ids.map((id) => [id, { state: 'pending' }]));
  const deadline = performance.now() + timeoutMs;
  let troubled = false;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const pending = [...outcomes].filter(([, { state }]) => state === 'pending').map(([id]) => id);
    onProgress(outcomes.size - pending.length);
    if (pending.length === 0) return { end: 'all_ended', outcomes };
    if (signal.aborted) return { end: 'interrupted', outcomes };
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return { end: 'timeout', outcomes };
    await pause(Math.min(pauseMs, leftMs), signal);
    troubled = await look(options, pending, outcomes, troubled);
  }
}

/** Looks at the pending jobs once. Answers whether Redis gave no answer. */
async function look(
  { inspector, queue, signal, onTrouble }: AwaitOptions,
  pending: readonly string[],
  outcomes: Map<string, JobOutcomeView>,
  troubled: boolean,
): Promise<boolean> {
  try {
    for (let from = 0; from < pending.length && !signal.aborted; from += batchSize) {
      const batch = pending.slice(from, from + batchSize);
      const seen = await inspector.outcomes(queue, batch);
      for (const [index, outcome] of seen.entries()) outcomes.set(batch[index] ?? '', outcome);
    }
    return false;
  } catch (error) {
    const trouble = asUnavailable(error);
    if (!(trouble instanceof RedisUnavailableError)) throw error;
    if (!troubled) onTrouble(trouble);
    return true;
  }
}
