import { decideLimit, type LimitReason } from './decide-limit.js';
import { initialLimitState, type LimitState, withLull } from './limit-state.js';
import { type LimitBounds, limitSteps } from './limit-steps.js';
import { inLull, isLullWorthwhile, minuteOf } from './lull.js';
import { type SlotUse, WorkWindow } from './work-window.js';

/** What was decided at the end of a window. */
export interface LimitVerdict {
  /** How many jobs run at once, at most. */
  readonly limit: number;
  /** How many of them at this moment. */
  readonly allowed: number;
  readonly reason: LimitReason;
}

/** When something happened. */
export interface Moment {
  /** On a monotonic clock. */
  readonly elapsedMs: number;
  /** On the clock that all workers share: that of Redis. */
  readonly sharedMs: number;
}

/**
 * With fewer jobs, or a pace that is less certain, two limits that are a seventh apart look the same. However long jobs are: a limit that
 * follows chance comes down step by step, and stays there.
 */
const usualRuns = 100;
const largestError = 0.11;
/** Jobs of which one in hundreds takes most of the time would never be certain. */
const mostRuns = 1_000;
const leastWindowMs = 1_000;
const longestSettleMs = 30_000;
/** In a window that is shorter than its jobs most of those that end began before it. */
const durationsPerWindow = 2;
/** What a lull shows is to be told from noise, and it costs throughput for as long as it takes. */
const lullRuns = 60;
const longestLullMs = 4_000;
/** The middle of so many delays counts: what was slow once is not slow. */
const delaysKept = 5;
const fewestDelays = 3;

/**
 * The limit of one queue: gathers how its slots are used, window by window, and decides at the end of each. It has no clock of its own.
 *
 * States: *usual* → *lull* (at a minute's start, where that tells something) → *usual*.
 */
export class AdaptiveLimit {
  readonly #steps: readonly number[];
  readonly #window = new WorkWindow();
  readonly #loopDelaysMs: number[] = [];
  #state: LimitState;
  /** How long jobs held their slots in the last usual window, how unlike they were, and what was decided at its end. */
  #last: { readonly heldMs: number; readonly spread: number; readonly reason: LimitReason } | undefined;
  #minute: number | undefined;
  #isLull = false;
  /** A lull ends the window that it interrupts: without this, windows longer than a minute would never decide anything. */
  #hasDecidedSinceLull = false;
  /** From when on jobs count that end: those before began under another limit. */
  #since: number | undefined;

  constructor(bounds: LimitBounds) {
    this.#steps = limitSteps(bounds);
    this.#state = initialLimitState(this.#steps.indexOf(bounds.initial));
  }

  get limit(): number {
    return this.#steps[this.#state.step] ?? 1;
  }

  /** How many may run at this moment: fewer in a lull. */
  get allowed(): number {
    return this.#isLull ? inLull(this.limit, this.#steps[0] ?? 1) : this.limit;
  }

  /** For how long the event loop was held up at most since it was told the last time. */
  loopHeldUp(ms: number): void {
    this.#loopDelaysMs.push(ms);
    if (this.#loopDelaysMs.length > delaysKept) this.#loopDelaysMs.shift();
  }

  /** A slot is free again. Answers what was decided, when that ended a window or began another. */
  slotFreed(use: SlotUse, { elapsedMs, sharedMs }: Moment): LimitVerdict | undefined {
    if (this.#isTimeForLull(sharedMs)) return this.#beginLull(elapsedMs);
    this.#since ??= elapsedMs;
    const ageMs = elapsedMs - this.#since;
    if (ageMs < 0) return undefined;
    this.#window.add(use);
    if (this.#isLull) return this.#hasLullShown(ageMs) ? this.#endLull(elapsedMs) : undefined;
    return this.#isComplete(ageMs) ? this.#decide(elapsedMs, ageMs) : undefined;
  }

  #isComplete(ageMs: number): boolean {
    const { runs, heldMs, error } = this.#window;
    if (runs < usualRuns || ageMs < leastWindowMs || ageMs < durationsPerWindow * heldMs) return false;
    return error <= largestError || runs >= mostRuns;
  }

  #decide(elapsedMs: number, windowMs: number): LimitVerdict {
    const { running, pace, error, heldMs, spread } = this.#window.close();
    const before = this.limit;
    const evidence = { running, pace, error, windowMs, loopDelayMs: this.#usualLoopDelayMs };
    const { state, reason } = decideLimit(this.#state, evidence, this.#steps);
    this.#state = state;
    this.#last = { heldMs, spread, reason };
    this.#hasDecidedSinceLull = true;
    if (this.limit === before) this.#since = elapsedMs;
    else this.#settle(elapsedMs);
    return this.#verdict(reason);
  }

  #isTimeForLull(sharedMs: number): boolean {
    const minute = minuteOf(sharedMs);
    this.#minute ??= minute;
    const isNew = minute > this.#minute;
    // Of jobs that end together one may seem to end a moment before the other; a clock that was put back goes on from there.
    if (isNew || minute < this.#minute - 1) this.#minute = minute;
    if (!isNew || this.#isLull || this.#last === undefined || !this.#hasDecidedSinceLull) return false;
    return isLullWorthwhile({ limit: this.limit, min: this.#steps[0] ?? 1, ...this.#last });
  }

  #beginLull(elapsedMs: number): LimitVerdict {
    this.#isLull = true;
    this.#hasDecidedSinceLull = false;
    this.#window.close();
    this.#settle(elapsedMs);
    return this.#verdict('lull');
  }

  #hasLullShown(ageMs: number): boolean {
    const { runs, heldMs } = this.#window;
    return ageMs >= longestLullMs || (runs >= lullRuns && ageMs >= durationsPerWindow * heldMs);
  }

  #endLull(elapsedMs: number): LimitVerdict {
    const { pace } = this.#window.close();
    this.#isLull = false;
    if (pace > 0) this.#state = withLull(this.#state, pace);
    this.#settle(elapsedMs);
    return this.#verdict('lull');
  }

  /** Lets the jobs end that began under another limit. */
  #settle(elapsedMs: number): void {
    this.#since = elapsedMs + Math.min(this.#last?.heldMs ?? 0, longestSettleMs);
    this.#loopDelaysMs.length = 0;
  }

  #verdict(reason: LimitReason): LimitVerdict {
    return { limit: this.limit, allowed: this.allowed, reason };
  }

  get #usualLoopDelayMs(): number | undefined {
    if (this.#loopDelaysMs.length < fewestDelays) return undefined;
    return this.#loopDelaysMs.toSorted((one, other) => one - other)[Math.floor(this.#loopDelaysMs.length / 2)];
  }
}
