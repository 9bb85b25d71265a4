import type { Service } from '../service/service.js';
import { decideFetch, type FetchVerdict } from './decide-fetch.js';

export interface FetchWatchdogOptions {
  /** Longest wait for work before an idle consumer asks again. */
  readonly fetchBlockMs: number;
  /** Whether the consumer is to ask for work: it takes jobs and has a slot for one. */
  readonly isAsking: () => boolean;
  /** Whether it is known why nobody answers: the connection is being made. */
  readonly isAway: () => boolean;
  /** How many fetches have been answered so far. */
  readonly answers: () => number;
  readonly onStuck: (action: Exclude<FetchVerdict, 'ok'>, silentMs: number) => void;
}

const lookMs = 1_000;
/** How much later than it should an answer may come. What merely broke a connection is mended by then. */
const graceMs = 5_000;

/** Notices that a consumer is alive and gets no work, for a reason that nobody else has noticed. */
export class FetchWatchdog implements Service {
  readonly #options: FetchWatchdogOptions;
  readonly #looksPerPeriod: number;
  #interval: NodeJS.Timeout | undefined;
  #answers = 0;
  /** Looks and not time: a process that was held up has missed none. */
  #silentLooks = 0;

  constructor(options: FetchWatchdogOptions) {
    this.#options = options;
    this.#looksPerPeriod = Math.ceil((options.fetchBlockMs + graceMs) / lookMs);
  }

  start(): void {
    this.#interval ??= setInterval(this.#look, lookMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#interval);
    this.#interval = undefined;
  }

  readonly #look = (): void => {
    const { isAsking, isAway, answers, onStuck } = this.#options;
    const answered = answers();
    if (answered !== this.#answers || !isAsking()) {
      this.#answers = answered;
      this.#silentLooks = 0;
      return;
    }
    if (isAway()) return;
    this.#silentLooks += 1;
    const verdict = decideFetch(this.#silentLooks, this.#looksPerPeriod);
    if (verdict !== 'ok') onStuck(verdict, this.#silentLooks * lookMs);
  };
}
