import { type AttemptSpan, startAttemptSpan } from '../telemetry/tracing/attempt-span.js';
import type { FetchedJob } from '../transport/fetched-job.js';

/** The spans of the attempts that run, by their jobs. */
export class AttemptSpans {
  readonly #queue: string;
  readonly #worker: string;
  /** Forgotten with the job: one that is not seen through to its end leaves nothing behind. */
  readonly #spans = new WeakMap<FetchedJob, AttemptSpan>();

  constructor(queue: string, worker: string) {
    this.#queue = queue;
    this.#worker = worker;
  }

  /** Starts the span of an attempt; undefined when nobody traces. */
  start(job: FetchedJob): AttemptSpan | undefined {
    const span = startAttemptSpan(this.#queue, this.#worker, job);
    // Of the others nothing is told at their end.
    if (span?.isFollowed) this.#spans.set(job, span);
    return span;
  }

  of(job: FetchedJob): AttemptSpan | undefined {
    return this.#spans.get(job);
  }
}
