import { BegunLeases } from './begun-leases.js';
import { PrefetchRule } from './prefetch-rule.js';
import type { RunningJob } from './running-jobs.js';

export interface JobSlotsOptions {
  /** How many there are. */
  readonly slots: number;
  /** How many may be used now. */
  readonly limit: () => number;
  /** Whether a job may be taken before a slot is free for it. */
  readonly prefetch: boolean;
  /** Whether the queue itself says how many of its jobs run or start: one that waits here would take the place of one that runs elsewhere. */
  readonly queueLimits: () => boolean;
  /** The number of the next lease that will be asked for. */
  readonly nextLease: () => number;
  /** Starts a job, which has its slot from then on. */
  readonly begin: (run: RunningJob) => void;
  /** Told of a job that may be somebody else's by now. */
  readonly onDoubt: (run: RunningJob) => void;
  /** Told of a job for which no slot became free in time. */
  readonly onLate: (run: RunningJob) => void;
}

/** A job that was taken too soon goes back after this long: ten times as long as what counts as a short run. */
const longestWaitMs = 20;
/** How many jobs may wait for a slot. */
const mostAhead = 1;

/**
 * The slots of one consumer. While its jobs are short it may have one more in hand than it has slots, so that the next one starts as soon as
 * a handler ends, and Redis is told and asked meanwhile. With a single slot that is most of the time between two jobs.
 */
export class JobSlots {
  readonly #options: JobSlotsOptions;
  readonly #rule = new PrefetchRule();
  readonly #begun: BegunLeases;
  #used = 0;
  /** Waits for a slot. */
  #next: RunningJob | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: JobSlotsOptions) {
    this.#options = options;
    this.#begun = new BegunLeases(options.slots + mostAhead);
  }

  /** What the guard of the worker reads, see `BegunLeases`. */
  get shared(): SharedArrayBuffer {
    return this.#begun.shared;
  }

  /** How many jobs may be in hand beyond those that have a slot. */
  get ahead(): number {
    const { prefetch, limit, queueLimits } = this.#options;
    return prefetch && this.#rule.holds && limit() > 0 && !queueLimits() ? mostAhead : 0;
  }

  /** Starts a job, or has it wait for the next free slot. */
  enter(run: RunningJob): void {
    this.limitChanged();
    if (!this.#options.prefetch || !this.#isFull || this.#next !== undefined) {
      this.#begin(run);
      return;
    }
    this.#next = run;
    // One timer for all: it fires when nothing came to wait for so long.
    if (this.#timer === undefined) this.#timer = setTimeout(this.#onTimer, longestWaitMs).unref();
    else this.#timer.refresh();
  }

  /** The handler of a job has ended: the next may follow, after what this one's end has to say to Redis. */
  leave(run: RunningJob): void {
    if (run.slotSince === undefined) return;
    this.#rule.ran(performance.now() - run.slotSince);
    this.#used -= 1;
    run.slotSince = undefined;
    if (this.#next !== undefined) process.nextTick(this.#onSlotFree);
  }

  /** More jobs may have a slot than before, or fewer: one that waits need not wait any more. */
  limitChanged(): void {
    if (this.#next !== undefined && !this.#isFull) this.#beginNext();
  }

  /** A number for a lease is about to be given out. */
  asks(): void {
    this.#begun.heed(this.#options.nextLease());
  }

  /** A job is not in hand any more. */
  forget(run: RunningJob): void {
    this.leave(run);
    this.#begun.end(run);
    if (this.#next === run) this.#next = undefined;
  }

  /** The queue had fewer jobs than were asked for. */
  ranDry(): void {
    this.#rule.refuse();
  }

  /** A job that waits for a slot starts at once: it was called off, and ends where it begins. */
  hurry(run: RunningJob): void {
    if (this.#next === run) this.#beginNext();
  }

  /** Takes out the job that waits for a slot, if there is one. */
  takeNext(): RunningJob | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** No slot is free. Where none may be used a lone job begins all the same: it is told there why it may not run. */
  get #isFull(): boolean {
    return this.#used > 0 && this.#used >= this.#options.limit();
  }

  readonly #onSlotFree = (): void => this.limitChanged();

  #beginNext(): void {
    const next = this.takeNext();
    if (next !== undefined) this.#begin(next);
  }

  #begin(run: RunningJob): void {
    const { begin, onDoubt, nextLease } = this.#options;
    if (!this.#begun.begin(run, nextLease())) {
      onDoubt(run);
      return;
    }
    this.#used += 1;
    run.slotSince = performance.now();
    begin(run);
  }

  readonly #onTimer = (): void => {
    const next = this.takeNext();
    if (next === undefined) return;
    this.#rule.refuse();
    this.#options.onLate(next);
  };
}
