import type { EpochMs } from '../time/duration.js';
import type { Decider } from './decide-door.js';

/** The leader brings these back sooner, and paced; without one they come back by themselves, not all in the same moment. */
const fleetParkMs = { least: 30_000, most: 60_000 };
/** Another worker may well be able to do it: soon enough that nobody notices, late enough that it is not this one again at once. */
const workerParkMs = { least: 1_000, most: 3_000 };

export interface RefusedJob {
  readonly breaker: string;
  readonly by: Decider;
  /** When it stops being worth doing, if ever. */
  readonly deadline: EpochMs | undefined;
}

export interface Parking {
  readonly kind: 'parked';
  readonly reason: `breaker:${string}`;
  readonly delayMs: number;
}

/** Decides for how long a job is set aside whose dependency may not be called. Pure: `random` is a number from 0 up to 1. */
export function decideParking({ breaker, by, deadline }: RefusedJob, now: EpochMs, random: number): Parking {
  const { least, most } = by === 'fleet' ? fleetParkMs : workerParkMs;
  const wantedMs = Math.round(least + (most - least) * random);
  // At its deadline it is told so that it expired, rather than half a minute later.
  const leftMs = deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, deadline - now);
  return { kind: 'parked', reason: `breaker:${breaker}`, delayMs: Math.min(wantedMs, leftMs) };
}
