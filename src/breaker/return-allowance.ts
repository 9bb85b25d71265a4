import type { EpochMs } from '../time/duration.js';
import { windowMs } from './breaker-policy.js';
import type { BreakerState } from './breaker-state.js';
import { decideReturn } from './return-pace.js';

/**
 * A job that came back to probe has asked for that, or something else has, after so long. Where it has not, workers are busy or gone: each
 * further one is given twice as long, so that the queue is not filled with jobs that are to be set aside again.
 */
const probeStartsMs = 1_000;
const mostPatienceMs = 8_000;
/** What was not used is saved up for so long: a look that came late makes up for it, an idle minute does not. */
const savedMs = 500;
const secondMs = 1_000;

interface Returned {
  readonly at: number;
  count: number;
}

/** How many of the jobs that one breaker has set aside may come back at this moment. The caller says what time it is, and what it used. */
export class ReturnAllowance {
  #generation: number | undefined;
  #saved = 0;
  #lastAt = 0;
  #firstAt = 0;
  #patienceMs = probeStartsMs / 2;
  /** By quarter of a second, the oldest first. */
  #returned: Returned[] = [];

  /**
   * @param callsPerSecond - that the fleet made lately, all in all.
   * @param now - on Redis' clock, as the moments of the breaker are.
   * @param at - monotonic milliseconds.
   */
  at(state: BreakerState, callsPerSecond: number, now: EpochMs, at: number): number {
    if (state.generation !== this.#generation) this.#begin(state.generation, at);
    this.#returned = this.#returned.filter((returned) => at - returned.at < windowMs + secondMs);
    const pace = decideReturn(state, { callsPerSecond, returnedPerSecond: this.#perSecond(at) }, now);
    const sinceMs = at - this.#lastAt;
    this.#lastAt = at;
    switch (pace.kind) {
      case 'none':
        return 0;
      case 'probes':
        return Math.max(0, pace.wanted - this.#since(at - this.#patienceMs));
      case 'paced': {
        const most = Math.max(1, (pace.perSecond * savedMs) / secondMs);
        this.#saved = Math.min(most, this.#saved + (pace.perSecond * sinceMs) / secondMs);
        return Math.floor(this.#saved);
      }
    }
  }

  /** So many came back. */
  use(count: number, at: number): void {
    if (count === 0) return;
    this.#saved = Math.max(0, this.#saved - count);
    this.#patienceMs = Math.min(mostPatienceMs, 2 * this.#patienceMs);
    const last = this.#returned.at(-1);
    if (last && at - last.at < secondMs / 4) last.count += count;
    else this.#returned.push({ at, count });
  }

  /** Each phase has its own pace, and its own calls. */
  #begin(generation: number, at: number): void {
    this.#generation = generation;
    this.#saved = 0;
    this.#patienceMs = probeStartsMs / 2;
    this.#lastAt = at;
    this.#firstAt = at;
    this.#returned = [];
  }

  #since(at: number): number {
    return this.#returned.reduce((sum, returned) => sum + (returned.at >= at ? returned.count : 0), 0);
  }

  #perSecond(at: number): number {
    const watchedMs = Math.min(windowMs, Math.max(secondMs, at - this.#firstAt));
    return (this.#since(at - windowMs) * secondMs) / watchedMs;
  }
}
