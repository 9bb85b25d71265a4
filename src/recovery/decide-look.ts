/** What the watch knows of its last looks. */
export interface LastLook {
  /** When it ended, by the monotonic clock. */
  readonly endedAt: number;
  /** How many connections had been asked for beyond what may be asked in the time: it grows with every look, and time pays it back. */
  readonly debt: number;
  /** When all were asked for the last time. */
  readonly allAt: number;
  /** How many connections Redis had lost when it began; undefined when it found something that it could not settle. */
  readonly dropped: number | undefined;
}

export interface LookOccasion {
  /** How many workers are known. */
  readonly workers: number;
  /** How many of them have a connection that was never asked for. */
  readonly unseen: number;
  readonly last: LastLook | undefined;
  /** How many connections Redis has lost by now; undefined when it does not say. */
  readonly dropped: number | undefined;
  readonly now: number;
}

/** So many are asked for in one short question: it is asked every time. */
export const smallFleet = 100;
/**
 * Where connections come and go all the time, every look is for nothing: so many connections may be asked for in a second, which is
 * less than a tenth of Redis' time. They are counted, not timed: a leader that is short of processor time is not to look less often.
 */
const askedPerSecond = 50_000;
/** Two deaths in a row are looked into at once. */
const mostDebt = 20_000;
/** A look in between, in case the count is not what it seems: as soon as silence would tell. */
const safetyNetMs = 5_000;

/** `all`: ask for the connections of all workers. `unseen`: for those that were never asked for. */
export type LookDecision =
  | { readonly kind: 'all'; readonly reason: 'small-fleet' | 'first' | 'dropped' | 'unsettled' | 'safety-net' }
  | { readonly kind: 'unseen' }
  | { readonly kind: 'wait'; readonly reason: 'none-dropped' | 'duty' };

/** What of the debt is left. Pure. */
export function debtAt(last: LastLook | undefined, now: number): number {
  return last === undefined ? 0 : Math.max(0, last.debt - (askedPerSecond / 1_000) * (now - last.endedAt));
}

/** Decides for whose connections to ask now: what was seen to stand still does, as long as Redis has lost none. Pure. */
export function decideLook({ workers, unseen, last, dropped, now }: LookOccasion): LookDecision {
  if (workers <= smallFleet) return { kind: 'all', reason: 'small-fleet' };
  if (last === undefined) return { kind: 'all', reason: 'first' };
  if (debtAt(last, now) > Math.max(mostDebt - workers, 0)) return { kind: 'wait', reason: 'duty' };
  if (last.dropped === undefined || dropped === undefined) return { kind: 'all', reason: 'unsettled' };
  if (dropped !== last.dropped) return { kind: 'all', reason: 'dropped' };
  if (now - last.allAt >= safetyNetMs) return { kind: 'all', reason: 'safety-net' };
  return unseen > 0 ? { kind: 'unseen' } : { kind: 'wait', reason: 'none-dropped' };
}
