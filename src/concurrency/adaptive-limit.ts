import { decideLimit, type LimitReason } from './decide-limit.js';
import { initialLimitState, type LimitState } from './limit-state.js';
import { type LimitBounds, limitSteps } from './limit-steps.js';
import { type SlotUse, WorkWindow } from './work-window.js';

/** What was decided at the end of a window. */
export interface LimitVerdict {
  readonly from: number;
  readonly limit: number;
  readonly reason: LimitReason;
}

/** With fewer jobs two limits that are a seventh apart look the same. */
const usualRuns = 100;
const leastWindowMs = 1_000;
/** Where jobs are few or long fewer of them have to do. */
const fewestRuns = 10;
const longWindowMs = 30_000;
/** In a window that is shorter than its jobs most of those that end began before it. */
const durationsPerWindow = 2;
/** The middle of so many delays counts: what was slow once is not slow. */
const delaysKept = 5;
const fewestDelays = 3;

/**
 * The limit of one queue: gathers how its slots are used, window by window, and decides at the end of each. It has no clock; `elapsedMs` is
 * whatever monotonic time its caller goes by.
 */
export class AdaptiveLimit {
  readonly #steps: readonly number[];
  readonly #window = new WorkWindow();
  readonly #loopDelaysMs: number[] = [];
  #state: LimitState;
  /** From when on jobs count that end: those before began under another limit. */
  #since: number | undefined;

  constructor(bounds: LimitBounds) {
    this.#steps = limitSteps(bounds);
    this.#state = initialLimitState(this.#steps.indexOf(bounds.initial));
  }

  get limit(): number {
    return this.#steps[this.#state.step] ?? 1;
  }

  /** For how long the event loop was held up at most since it was told the last time. */
  loopHeldUp(ms: number): void {
    this.#loopDelaysMs.push(ms);
    if (this.#loopDelaysMs.length > delaysKept) this.#loopDelaysMs.shift();
  }

  /** A slot is free again. Answers what was decided, when that ended a window. */
  slotFreed(use: SlotUse, elapsedMs: number): LimitVerdict | undefined {
    this.#since ??= elapsedMs;
    if (elapsedMs < this.#since) return undefined;
    this.#window.add(use);
    return this.#isComplete(elapsedMs - this.#since) ? this.#decide(elapsedMs) : undefined;
  }

  #isComplete(ageMs: number): boolean {
    const { runs, heldMs } = this.#window;
    if (runs < fewestRuns || ageMs < leastWindowMs || ageMs < durationsPerWindow * heldMs) return false;
    return runs >= usualRuns || ageMs >= longWindowMs;
  }

  #decide(elapsedMs: number): LimitVerdict {
    const { running, pace, heldMs } = this.#window.close();
    const from = this.limit;
    const { state, reason } = decideLimit(
      this.#state,
      { running, pace, loopDelayMs: this.#usualLoopDelayMs },
      this.#steps,
    );
    this.#state = state;
    const hasMoved = this.limit !== from;
    this.#since = elapsedMs + (hasMoved ? Math.min(heldMs, longWindowMs) : 0);
    if (hasMoved) this.#loopDelaysMs.length = 0;
    return { from, limit: this.limit, reason };
  }

  get #usualLoopDelayMs(): number | undefined {
    if (this.#loopDelaysMs.length < fewestDelays) return undefined;
    return this.#loopDelaysMs.toSorted((one, other) => one - other)[Math.floor(this.#loopDelaysMs.length / 2)];
  }
}
