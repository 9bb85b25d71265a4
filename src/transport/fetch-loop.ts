import type { Logger } from 'pino';
import type { ScriptClient } from '../redis/define-script.js';
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
  /** Whether nothing else runs jobs in this process. */
  readonly isAlone: boolean;
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
 * Jobs given to a machine that has just gone wait until it is taken for dead, so the bell brings few; the next call takes the rest. With one more than
 * a lone job the answer says that there is no other.
 */
const mostWhenRung = 2;

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
  /** Told when nothing runs any more. */
  #idle: (() => void) | undefined;
  /** Slots for which jobs have been asked and not answered. */
  #promised = 0;
  #limit: number;
  /** Set while it waits. */
  #waits = false;
  /** Whether it may have heard what nobody else knows: a ring, or when a delayed job is due. */
  #heard = false;
  /** The last answer, when there were fewer jobs than asked for. */
  #dry: WorkReply<FetchedJob> | undefined;
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
    this.#letGo();
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
    // Whoever does not take so many jobs must not hear the bell in the place of one who would.
    if (this.#options.busy() + Math.max(this.#promised, 1) > this.#limit) this.#letGo();
    this.#slotFreed?.();
  }

  /** A job has ended. */
  slotFreed(): void {
    this.#slotFreed?.();
    if (this.#options.busy() === 0) this.#idle?.();
  }

  /** The end of a job brought the answer with it whether there is another. */
  answered(): void {
    this.#answeredAt = performance.now();
  }

  async #askUntilQuiet(): Promise<void> {
    await this.#ask();
    this.#passOn();
  }

  /** Whoever asks no more rings for the others, when it may have heard what they did not. */
  #passOn(): void {
    if (this.#heard) this.#options.bell.ring();
    this.#heard = false;
  }

  async #ask(): Promise<void> {
    const { busy, queue, log } = this.#options;
    const quiet = this.#quiet.signal;
    let failures = 0;
    while (!quiet.aborted) {
      const free = this.#most - busy() - this.#promised;
      if (free <= 0) {
        this.#dry = undefined;
        this.#passOn();
        await new Promise<void>((resolve) => {
          this.#slotFreed = resolve;
        });
        continue;
      }
      try {
        const reply = await (this.#dry === undefined ? this.#take(free) : this.#waitForWork(this.#dry));
        if (reply === undefined) continue;
        this.#answers += 1;
        this.answered();
        if (failures > 0) log.info({ queue, failures }, 'fetch.recovered');
        failures = 0;
      } catch (error) {
        if (quiet.aborted) return;
        this.#dry = undefined;
        failures += 1;
        // A Redis that refuses has heard.
        if (error instanceof Error && error.name === 'ReplyError') this.#answers += 1;
        if (failures === 1) log.warn({ queue, err: error }, 'fetch.failed');
        await pause(Math.min(50 * 2 ** failures, longestPauseMs), quiet);
      }
    }
  }

  /** Takes up to so many jobs and starts them; when what was said before on another connection is over, if one is given. */
  async #take(count: number, line?: ScriptClient): Promise<WorkReply<FetchedJob>> {
    const { calls, nextToken, run, onDry } = this.#options;
    this.#promised += count;
    try {
      const reply = await calls.take(Array.from({ length: count }, nextToken), line);
      this.#dry = reply.jobs.length < count ? reply : undefined;
      if (this.#dry !== undefined) onDry();
      this.#heard = reply.nextAt !== undefined;
      run(reply.jobs);
      return reply;
    } finally {
      this.#promised -= count;
      this.#slotFreed?.();
    }
  }

  /** Waits until there may be something to take, and takes it then where it may. Undefined when it has not asked, or not been answered. */
  async #waitForWork({ limitedForMs, nextAt, at }: WorkReply<FetchedJob>): Promise<WorkReply<FetchedJob> | undefined> {
    this.#dry = undefined;
    const { fetchBlockMs, bell } = this.#options;
    if (limitedForMs > 0) {
      await pause(Math.min(limitedForMs, fetchBlockMs), this.#quiet.signal);
      return undefined;
    }
    // Both moments are Redis': the clock of this machine may differ.
    const untilNextMs = nextAt === undefined ? Number.POSITIVE_INFINITY : nextAt - at;
    const blockMs = Math.max(1, Math.min(untilNextMs, fetchBlockMs));
    this.#waits = true;
    this.#heard = true;
    try {
      return await bell.wait(blockMs, this.#quiet.signal, (line, rung) => this.#takeWhenRung(line, rung));
    } finally {
      this.#waits = false;
    }
  }

  /**
   * Asks for jobs behind the wait as soon as nothing runs. A handler that holds up the event loop must not hold up jobs that Redis gives away
   * meanwhile: beside one the bell only rings.
   */
  async #takeWhenRung(line: ScriptClient, rung: Promise<unknown>): Promise<WorkReply<FetchedJob> | undefined> {
    const { isAlone, busy } = this.#options;
    if (!isAlone) return undefined;
    if (busy() > 0) {
      const idle = new Promise<'idle'>((resolve) => {
        this.#idle = () => resolve('idle');
      });
      const first = await Promise.race([idle, rung]);
      this.#idle = undefined;
      if (first !== 'idle') return undefined;
    }
    const free = this.#limit - busy() - this.#promised;
    return busy() > 0 || free <= 0 || this.isQuiet ? undefined : this.#take(Math.min(free, mostWhenRung), line);
  }

  /** Ends its wait, if it waits. */
  #letGo(): void {
    if (this.#waits) this.#options.bell.letGo();
  }
}
