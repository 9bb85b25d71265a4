import type { Logger } from 'pino';
import { pause } from '../time/clock.js';
import type { FetchedJob } from './fetched-job.js';
import type { WorkBell } from './work-bell.js';
import type { WorkCalls, WorkReply } from './work-calls.js';

export interface FetchLoopOptions {
  readonly queue: string;
  /** How many jobs run at once. */
  readonly slots: number;
  /** How many are in hand now: they run, wait for a slot, or Redis has not heard how they ended. */
  readonly busy: () => number;
  /** How many may be in hand beyond those that run. */
  readonly ahead: () => number;
  /** Longest wait for work before asking again. */
  readonly fetchBlockMs: number;
  readonly calls: WorkCalls<FetchedJob>;
  readonly bell: WorkBell;
  readonly nextToken: () => string;
  /** Starts jobs; they count as busy when it returns. */
  readonly run: (jobs: readonly FetchedJob[]) => void;
  /** Told when there were fewer jobs than it asked for. */
  readonly onDry: () => void;
  readonly log: Logger;
}

/** Longest pause between two tries to fetch while Redis is in the way. */
const longestPauseMs = 1_000;

/**
 * Asks for jobs as long as slots are free, and waits for the bell when there are none.
 *
 * States: *idle* (made, not started) → *asking* → *quiet* (asks no more).
 */
export class FetchLoop {
  readonly #options: FetchLoopOptions;
  readonly #quiet = new AbortController();
  #loop: Promise<void> | undefined;
  #slotFreed: (() => void) | undefined;
  /** Slots for which jobs have been asked and not answered. */
  #promised = 0;
  #limit: number;
  #waits = false;
  #answers = 0;
  #answeredAt: number | undefined;

  constructor(options: FetchLoopOptions) {
    this.#options = options;
    this.#limit = options.slots;
  }

  /** How many of its slots it uses. */
  get limit(): number {
    return this.#limit;
  }

  get isQuiet(): boolean {
    return this.#quiet.signal.aborted;
  }

  /** Whether it is to ask for work, or to wait until there may be some. */
  get isAsking(): boolean {
    return this.#loop !== undefined && !this.isQuiet && this.#options.busy() < this.#limit;
  }

  /** Whether a job that ends may have another follow into its slot. */
  get mayFollow(): boolean {
    return !this.isQuiet && this.#options.busy() + this.#promised <= this.#most;
  }

  /** How many jobs may be in hand. */
  get #most(): number {
    return this.#limit + this.#options.ahead();
  }

  /** How often Redis has answered it. */
  get answers(): number {
    return this.#answers;
  }

  /** When Redis last said whether there is work, on the monotonic clock. */
  get answeredAt(): number | undefined {
    return this.#answeredAt;
  }

  start(): void {
    this.#loop ??= this.#askUntilQuiet();
  }

  quiet(): void {
    this.#quiet.abort();
    this.#slotFreed?.();
  }

  /** Resolves when it asks no more and nothing is on its way. Call `quiet` before. */
  async whenEnded(): Promise<void> {
    await this.#loop;
  }

  /**
   * Uses at most so many of its slots from now on: none while no job of the queue could run. Those that run go on.
   */
  limitTo(slots: number): void {
    this.#limit = Math.min(slots, this.#options.slots);
    // Whoever does not take a job must not hear the bell in the place of one who would.
    if (this.#limit === 0 && this.#waits) this.#options.bell.letGo();
    this.#slotFreed?.();
  }

  /** A job has ended. */
  slotFreed(): void {
    this.#slotFreed?.();
  }

  /** The end of a job brought the answer with it whether there is another. */
  answered(): void {
    this.#answeredAt = performance.now();
  }

  async #askUntilQuiet(): Promise<void> {
    const { busy, onDry, queue, log } = this.#options;
    const quiet = this.#quiet.signal;
    let failures = 0;
    while (!quiet.aborted) {
      const free = this.#most - busy() - this.#promised;
      if (free <= 0) {
        await new Promise<void>((resolve) => {
          this.#slotFreed = resolve;
        });
        continue;
      }
      try {
        const reply = await this.#take(free);
        this.#answers += 1;
        this.answered();
        if (failures > 0) log.info({ queue, failures }, 'fetch.recovered');
        failures = 0;
        if (reply.jobs.length === free) continue;
        onDry();
        // Who has no slot free must not hear the bell in the place of one who has.
        if (busy() < this.#limit) await this.#waitForWork(reply);
      } catch (error) {
        if (quiet.aborted) return;
        failures += 1;
        // A Redis that refuses has heard.
        if (error instanceof Error && error.name === 'ReplyError') this.#answers += 1;
        if (failures === 1) log.warn({ queue, err: error }, 'fetch.failed');
        await pause(Math.min(50 * 2 ** failures, longestPauseMs), quiet);
      }
    }
  }

  /** Takes up to so many jobs and starts them. */
  async #take(count: number): Promise<WorkReply<FetchedJob>> {
    const { calls, nextToken, run } = this.#options;
    this.#promised += count;
    try {
      const reply = await calls.take(Array.from({ length: count }, nextToken));
      run(reply.jobs);
      return reply;
    } finally {
      this.#promised -= count;
    }
  }

  /** Waits until there may be something to take. */
  async #waitForWork({ limitedForMs, nextAt, at }: WorkReply<FetchedJob>): Promise<void> {
    const { fetchBlockMs, bell } = this.#options;
    if (limitedForMs > 0) {
      await pause(Math.min(limitedForMs, fetchBlockMs), this.#quiet.signal);
      return;
    }
    // Both moments are Redis': the clock of this machine may differ.
    const untilNextMs = nextAt === undefined ? Number.POSITIVE_INFINITY : nextAt - at;
    const blockMs = Math.max(1, Math.min(untilNextMs, fetchBlockMs));
    this.#waits = true;
    try {
      await bell.wait(blockMs, this.#quiet.signal);
    } finally {
      this.#waits = false;
    }
  }
}
