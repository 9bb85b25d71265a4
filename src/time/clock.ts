import { setTimeout as sleep } from 'node:timers/promises';
import type { EpochMs } from './duration.js';

/** Time as the program sees it; handed in, so that decisions can be tested on a clock that stands still. */
export interface Clock {
  /** Wall clock: for moments that are stored or compared with another machine's. */
  now(): EpochMs;
  /** Monotonic clock in milliseconds: for measuring how long something took. */
  elapsed(): number;
}

export const systemClock: Clock = {
  now: () => Date.now() as EpochMs,
  elapsed: () => performance.now(),
};

/**
 * Another machine's wall clock, read once and carried on by the monotonic clock of this one: it does not jump when somebody sets the
 * clock of this machine, and does not care how wrong that is.
 */
export class CarriedClock implements Clock {
  readonly #clock: Clock;
  readonly #offsetMs: number;

  constructor(now: EpochMs, clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = now - clock.elapsed();
  }

  now(): EpochMs {
    return Math.round(this.#offsetMs + this.#clock.elapsed()) as EpochMs;
  }

  elapsed(): number {
    return this.#clock.elapsed();
  }
}

/** Waits, or returns early (without throwing) when the signal is aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
