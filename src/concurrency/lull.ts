import type { LimitReason } from './decide-limit.js';

/**
 * Lulls: at the start of each minute, by the clock that they share, all workers run half as many jobs for a moment. What a second of a slot does
 * then is how fast jobs can be. One worker alone could not find that out, because it is the others' jobs, too, that make its own slow. Network
 * stacks that measure the length of a path do the same.
 */

const minuteMs = 60_000;
const part = 2;
/** With longer jobs, or jobs so unlike that it takes as long to tell how fast they are, a lull would take too much of its minute. */
const longestHeldMs = 3_000;

/** Which minute it is. Pure. */
export function minuteOf(sharedMs: number): number {
  return Math.floor(sharedMs / minuteMs);
}

/** How many jobs run in a lull. Pure. */
export function inLull(limit: number, min: number): number {
  return Math.max(min, Math.ceil(limit / part));
}

export interface LullQuestion {
  readonly limit: number;
  readonly min: number;
  /** How long jobs hold their slots. */
  readonly heldMs: number;
  /** How unlike they are; 1 for usual calls. */
  readonly spread: number;
  /** What was decided last. */
  readonly reason: LimitReason;
}

/** Whether a lull would show something: there is enough to do, what is done works, and jobs are short and alike enough. Pure. */
export function isLullWorthwhile({ limit, min, heldMs, spread, reason }: LullQuestion): boolean {
  if (reason === 'no_demand' || reason === 'failing') return false;
  return heldMs * spread <= longestHeldMs && inLull(limit, min) < limit;
}
