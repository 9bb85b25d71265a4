import type { DeadLetterStore } from '../../dead-letter/dead-letter-store.js';
import type { HaltDecision, HaltPolicy } from '../../dead-letter/decide-halt.js';
import { decidePace } from '../../dead-letter/decide-pace.js';
import type { RedriveReply } from '../../dead-letter/scripts.js';
import { type Clock, pause } from '../../time/clock.js';
import { type RedrivenEnds, RedrivenWatch } from './redriven-watch.js';
import type { SelectedLetter } from './select-letters.js';

export interface RedriveRunOptions {
  readonly store: DeadLetterStore;
  readonly letters: readonly SelectedLetter[];
  /** Who does it: the trail of each job says so. */
  readonly by: string;
  /** JSON in place of the payload of a letter; `undefined` leaves it as it is, `gone` when the letter is no longer there. */
  readonly payloadOf: (letter: SelectedLetter) => Promise<string | undefined | 'gone'>;
  readonly ratePerSecond: number;
  readonly halt: HaltPolicy;
  /** How long to wait at the end for the last of them to end. */
  readonly watchMs: number;
  /** Aborted when it shall stop: what has been put back stays so. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly onProgress: (done: number) => void;
}

export interface RedriveReport {
  readonly end: 'done' | 'halted' | 'interrupted';
  /** Why it halted. */
  readonly halt?: Extract<HaltDecision, { kind: 'halt' }>;
  readonly redriven: readonly string[];
  /** No longer dead-lettered, or died again since they were chosen. */
  readonly notFound: readonly string[];
  /** A job with the same id is in the queue. */
  readonly idTaken: readonly string[];
  /** How many were not come to. */
  readonly left: number;
  readonly ends: RedrivenEnds;
}

const lookEveryMs = 250;

/**
 * Puts letters back, evenly paced, and watches what becomes of them: it stops by itself when they fail again. Each is moved by one script,
 * so that whenever this ends, every job is either still dead or live again.
 */
export class RedriveRun {
  readonly #options: RedriveRunOptions;
  readonly #watch: RedrivenWatch;
  readonly #ids: Readonly<Record<RedriveReply['kind'], string[]>> = { redriven: [], not_found: [], id_taken: [] };
  #next = 0;
  #halt: RedriveReport['halt'];

  constructor(options: RedriveRunOptions) {
    this.#options = options;
    this.#watch = new RedrivenWatch(options.store, options.halt);
  }

  /** Rejects when Redis cannot be asked any more; `report` then says how far it came. */
  async run(): Promise<void> {
    await this.#move();
    await this.#look();
    await this.#waitForTheLast();
  }

  /** What was done so far. */
  get report(): RedriveReport {
    const { letters, signal } = this.#options;
    const left = letters.length - this.#next;
    const { redriven, not_found: notFound, id_taken: idTaken } = this.#ids;
    return {
      end: this.#halt ? 'halted' : signal.aborted && (left > 0 || this.#watch.isWaiting) ? 'interrupted' : 'done',
      ...(this.#halt && { halt: this.#halt }),
      redriven,
      notFound,
      idTaken,
      left,
      ends: this.#watch.ends,
    };
  }

  async #move(): Promise<void> {
    const { letters, ratePerSecond, signal, clock, onProgress } = this.#options;
    let nextAt = clock.elapsed();
    let lookAt = nextAt + lookEveryMs;
    while (this.#next < letters.length && !signal.aborted && !this.#halt) {
      const pace = decidePace(nextAt, ratePerSecond, clock.elapsed());
      nextAt = pace.nextAt;
      await this.#moveSome(pace.count);
      onProgress(this.#next);
      if (clock.elapsed() >= lookAt) {
        await this.#look();
        lookAt = clock.elapsed() + lookEveryMs;
      }
      if (this.#next < letters.length) await pause(Math.max(0, Math.min(nextAt, lookAt) - clock.elapsed()), signal);
    }
  }

  async #moveSome(count: number): Promise<void> {
    const batch = this.#options.letters.slice(this.#next, this.#next + count);
    this.#next += batch.length;
    await Promise.all(batch.map((letter) => this.#moveOne(letter)));
  }

  async #moveOne(letter: SelectedLetter): Promise<void> {
    const { store, by, payloadOf } = this.#options;
    const dataJson = await payloadOf(letter);
    const reply: RedriveReply =
      dataJson === 'gone'
        ? { kind: 'not_found' }
        : await store.redrive(letter, { by, ...(dataJson !== undefined && { dataJson }) });
    this.#ids[reply.kind].push(letter.deadId);
    if (reply.kind === 'redriven') this.#watch.add(letter, reply.at);
  }

  async #look(): Promise<void> {
    const decision = await this.#watch.look();
    if (decision.kind === 'halt') this.#halt = decision;
  }

  async #waitForTheLast(): Promise<void> {
    const { watchMs, signal, clock } = this.#options;
    const until = clock.elapsed() + watchMs;
    while (this.#watch.isWaiting && clock.elapsed() < until && !signal.aborted && !this.#halt) {
      await pause(Math.min(lookEveryMs, until - clock.elapsed()), signal);
      await this.#look();
    }
  }
}
