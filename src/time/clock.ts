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

/** Waits, or returns early (without throwing) when the signal is aborted. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
