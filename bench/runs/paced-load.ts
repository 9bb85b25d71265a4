import { setTimeout as sleep } from 'node:timers/promises';

/** How often jobs are enqueued: few enough calls to cost nothing, many enough to look like a stream. */
const callsPerSecond = 10;

/** Enqueues so many a second until it is told another number, or to stop. */
export class PacedLoad {
  readonly #enqueue: (count: number) => Promise<void>;
  readonly #going: Promise<void>;
  #perSecond = 0;
  #stopped = false;

  constructor(enqueue: (count: number) => Promise<void>) {
    this.#enqueue = enqueue;
    this.#going = this.#go();
    // Whoever stops it is told.
    this.#going.catch(() => undefined);
  }

  set perSecond(jobs: number) {
    this.#perSecond = jobs;
  }

  /** Resolves when the last call was answered; rejects when one failed. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.#going;
  }

  async #go(): Promise<void> {
    let [debt, before] = [0, performance.now()];
    while (!this.#stopped) {
      await sleep(1_000 / callsPerSecond);
      const now = performance.now();
      debt += (this.#perSecond * (now - before)) / 1_000;
      before = now;
      const count = Math.floor(debt);
      debt -= count;
      if (count > 0) await this.#enqueue(count);
    }
  }
}
