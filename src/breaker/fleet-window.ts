import { bucketMs, enoughCalls, longestWindowMs, ownOpeningCountsMs, windowMs } from './breaker-policy.js';
import type { CallEvidence, TripReason } from './breaker-state.js';
import { SteadyCalls } from './steady-calls.js';

type CallCounts = Pick<CallEvidence, 'succeeded' | 'failed' | 'slow' | 'failedInARow' | 'retryAfterMs' | 'opened'>;

interface WorkerCounts {
  calls: number;
  failed: number;
  slow: number;
}

interface Bucket {
  readonly second: number;
  calls: number;
  readonly workers: Map<string, WorkerCounts>;
}

/** What a window shows at one moment: all that the trip rule asks for. */
export interface WindowView {
  readonly calls: number;
  readonly failed: number;
  readonly slow: number;
  /** Workers that made calls lately: in the window, or in the last minute, because those that are quiet now may well be well. */
  readonly reporting: number;
  /** Those of them of whose calls more than half failed, and more than half were slow. */
  readonly failing: number;
  readonly slowing: number;
  /** Failures since the last success of anybody, and how many workers had them. */
  readonly failedInARow: number;
  readonly failingInARow: number;
  /** How long ago anybody succeeded last, or made the first call of all if nobody has. */
  readonly unansweredMs: number;
  /** Calls a second in the last ten, as many as failed too. */
  readonly callsPerSecond: number;
  /** How many workers have opened their own breakers lately, and why the last one did. */
  readonly opened?: { readonly workers: number; readonly reason: TripReason };
  /** For how long the dependency still asks not to be called. */
  readonly retryAfterMs: number;
}

/**
 * The last calls of one breaker under one generation, by second and worker: ten seconds of them, and where that are few, so many seconds
 * more as it takes to have ten calls, two minutes at most. Moments are on one clock, whichever, and come in their order.
 */
export class FleetWindow {
  readonly #steady = new SteadyCalls();
  /** The oldest first. */
  #buckets: Bucket[] = [];
  #failedInARow = 0;
  readonly #failingInARow = new Set<string>();
  /** When workers opened their own breakers, by worker; the last one is the last. */
  readonly #opened = new Map<string, { readonly at: number; readonly reason: TripReason }>();
  #retryAt = 0;
  #firstAt: number | undefined;
  #succeededAt: number | undefined;
  #lastAt = 0;

  record(
    worker: string,
    { succeeded, failed, slow, failedInARow, retryAfterMs, opened }: CallCounts,
    at: number,
  ): void {
    this.#firstAt ??= at;
    this.#steady.record(worker, succeeded, at);
    if (succeeded > 0) this.#succeededAt = at;
    const bucket = this.#bucketAt(at);
    const calls = succeeded + failed;
    bucket.calls += calls;
    add(bucket.workers, worker, { calls, failed, slow });

    // After a long silence it is another row.
    if (succeeded > 0 || at - this.#lastAt > longestWindowMs) {
      this.#failedInARow = 0;
      this.#failingInARow.clear();
    }
    this.#lastAt = at;
    const trailing = succeeded > 0 ? Math.min(failed, failedInARow) : failed;
    if (trailing > 0) {
      this.#failedInARow += trailing;
      this.#failingInARow.add(worker);
    }
    if (opened !== undefined || calls > 0) this.#opened.delete(worker);
    if (opened !== undefined) this.#opened.set(worker, { at, reason: opened });
    if (retryAfterMs !== undefined) this.#retryAt = Math.max(this.#retryAt, at + retryAfterMs);
  }

  view(now: number): WindowView {
    const workers = new Map<string, WorkerCounts>();
    const outside = outsideOf(now);
    let lately = 0;
    for (const { second, calls, workers: counted } of this.#within(now)) {
      if (second > outside) lately += calls;
      for (const [worker, counts] of counted) add(workers, worker, counts);
    }
    const view = { calls: 0, failed: 0, slow: 0, failing: 0, slowing: 0 };
    for (const { calls, failed, slow } of workers.values()) {
      view.calls += calls;
      view.failed += failed;
      view.slow += slow;
      if (2 * failed > calls) view.failing++;
      if (2 * slow > calls) view.slowing++;
    }
    const openedLately = [...this.#opened.values()].filter(({ at }) => now - at < ownOpeningCountsMs);
    const last = openedLately.at(-1);
    const latelyMs = Math.min(windowMs, Math.max(bucketMs, now - (this.#firstAt ?? now)));
    return {
      ...view,
      reporting: Math.max(workers.size, this.#steady.callers(now)),
      failedInARow: this.#failedInARow,
      failingInARow: this.#failingInARow.size,
      unansweredMs: Math.max(0, now - (this.#succeededAt ?? this.#firstAt ?? now)),
      callsPerSecond: (lately * 1_000) / latelyMs,
      ...(last && { opened: { workers: openedLately.length, reason: last.reason } }),
      retryAfterMs: Math.max(0, this.#retryAt - now),
    };
  }

  /** What the calls were when all was well. */
  steady(now: number): { readonly callsPerSecond: number; readonly callers: number } {
    return { callsPerSecond: this.#steady.perSecond(now), callers: this.#steady.callers(now) };
  }

  #bucketAt(at: number): Bucket {
    const second = Math.floor(at / bucketMs);
    const last = this.#buckets.at(-1);
    // A clock that was set back a little counts on in the same second; set back far, what was before tells nothing any more.
    if (last && second <= last.second && second > last.second - windowMs / bucketMs) return last;
    if (last && second < last.second) this.#buckets = [];
    const bucket: Bucket = { second, calls: 0, workers: new Map() };
    this.#buckets = [...this.#within(at), bucket];
    return bucket;
  }

  /** The buckets that count: what is older than the newest ten calls, and than ten seconds, never will again. */
  #within(now: number): Bucket[] {
    const oldest = Math.floor((now - longestWindowMs) / bucketMs);
    const outside = outsideOf(now);
    let from = this.#buckets.length;
    let calls = 0;
    for (; from > 0; from--) {
      const bucket = this.#buckets[from - 1];
      if (!bucket || bucket.second <= oldest || (bucket.second <= outside && calls >= enoughCalls)) break;
      calls += bucket.calls;
    }
    return this.#buckets.slice(from);
  }
}

/** The newest second that is outside of the ten. */
function outsideOf(now: number): number {
  return Math.floor(now / bucketMs) - windowMs / bucketMs;
}

function add(to: Map<string, WorkerCounts>, worker: string, { calls, failed, slow }: Readonly<WorkerCounts>): void {
  const counts = to.get(worker);
  if (!counts) {
    to.set(worker, { calls, failed, slow });
    return;
  }
  counts.calls += calls;
  counts.failed += failed;
  counts.slow += slow;
}
