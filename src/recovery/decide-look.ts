/** The last time all connections of the fleet were asked for. */
export interface LastLook {
  /** When it ended, by the monotonic clock. */
  readonly endedAt: number;
  /** For how long Redis was asked. */
  readonly askingMs: number;
  /** How many connections Redis had lost when it began; undefined when it found something that it could not settle. */
  readonly dropped: number | undefined;
}

export interface LookOccasion {
  /** How many workers are known. */
  readonly workers: number;
  readonly last: LastLook | undefined;
  /** How many connections Redis has lost by now; undefined when it does not say. */
  readonly dropped: number | undefined;
  readonly now: number;
}

/** So many are asked for in one short question: it is asked every time. */
export const smallFleet = 100;
/** Where connections come and go all the time, looks may take this part of Redis' time at most. */
const mostDuty = 0.1;
/** A look in between, in case the count is not what it seems: as soon as silence would tell. */
const safetyNetMs = 5_000;

export type LookDecision =
  | { readonly kind: 'look'; readonly reason: 'small-fleet' | 'first' | 'dropped' | 'unsettled' | 'safety-net' }
  | { readonly kind: 'wait'; readonly reason: 'none-dropped' | 'duty' };

/** Decides whether to ask for all connections of the fleet now. Pure. */
export function decideLook({ workers, last, dropped, now }: LookOccasion): LookDecision {
  if (workers <= smallFleet) return { kind: 'look', reason: 'small-fleet' };
  if (last === undefined) return { kind: 'look', reason: 'first' };
  const restedMs = now - last.endedAt;
  if (restedMs < last.askingMs * (1 / mostDuty - 1)) return { kind: 'wait', reason: 'duty' };
  if (last.dropped === undefined || dropped === undefined) return { kind: 'look', reason: 'unsettled' };
  if (dropped !== last.dropped) return { kind: 'look', reason: 'dropped' };
  return restedMs >= safetyNetMs ? { kind: 'look', reason: 'safety-net' } : { kind: 'wait', reason: 'none-dropped' };
}
