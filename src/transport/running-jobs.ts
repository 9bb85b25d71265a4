import type { Cancellation } from '../job/cancellation.js';
import type { FetchedJob } from './fetched-job.js';

/** One run of a job in this process. */
export interface RunningJob {
  readonly job: FetchedJob;
  readonly cancellation: Cancellation;
  /** Set when the job was given back while its handler was still busy: whatever it answers comes too late. */
  forsaken: boolean;
  /** Since when it has a slot, in ms of the monotonic clock; undefined while it waits for one, and after its handler has ended. */
  slotSince: number | undefined;
  /** Where `BegunLeases` says that it has begun. */
  sharedPlace: number | undefined;
  /** What its handler reported last. */
  progress?: number | object;
}

interface Placed extends RunningJob {
  /** Where it lies among the others. */
  place: number;
}

/**
 * The runs of one consumer.
 *
 * An array, and not a Map: V8 links each table of a Map to the larger or cleaner one that took its place, so once a table is old,
 * every job that ever lay in one of its successors outlives the young generation. At thousands of jobs a second that was a sixth of
 * the worker's time.
 */
export class RunningJobs {
  readonly #runs: Placed[] = [];

  get size(): number {
    return this.#runs.length;
  }

  add(job: FetchedJob, cancellation: Cancellation): RunningJob {
    const run: Placed = {
      job,
      cancellation,
      forsaken: false,
      slotSince: undefined,
      sharedPlace: undefined,
      place: this.#runs.length,
    };
    this.#runs.push(run);
    return run;
  }

  /** Forgets a run; one that is forgotten already stays so. */
  remove(run: RunningJob): void {
    const { place } = run as Placed;
    if (this.#runs[place] !== run) return;
    const last = this.#runs.pop() as Placed;
    if (last === run) return;
    last.place = place;
    this.#runs[place] = last;
  }

  /** A job whose lease was lost may run again while its old run has not ended yet: the token tells them apart. */
  withToken(token: string): RunningJob | undefined {
    return this.#runs.find(({ job }) => job.token === token);
  }

  [Symbol.iterator](): Iterator<RunningJob> {
    return this.#runs[Symbol.iterator]();
  }
}
