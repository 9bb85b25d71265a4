import { type Criticality, criticalities } from '../job/criticality.js';

/** What presses on the fleet beside the work that waits. What nobody could measure, or not for long enough, is undefined. */
export interface Pressure {
  /** How much of its memory Redis uses, from 0 to 1; undefined when it has no limit. */
  readonly memoryRatio: number | undefined;
  /** The longest that an event loop of a worker was blocked, where half of the workers are no better. */
  readonly loopDelayMs: number | undefined;
  /** How long Redis takes to answer the leader. */
  readonly redisLatencyMs: number | undefined;
}

/** From when on the share grows, and where it asks for everything. */
const loopDelayRangeMs = [200, 1_000] as const;
const redisLatencyRangeMs = [50, 250] as const;

/**
 * The share that pressure asks for, whatever the waits are. Memory is not among it: to take jobs and end them is what gives memory back,
 * so a full Redis refuses new work instead (`refusesFrom`). Pure.
 */
export function pressureShare({ loopDelayMs, redisLatencyMs }: Pressure): number {
  return Math.max(scaled(loopDelayMs, loopDelayRangeMs), scaled(redisLatencyMs, redisLatencyRangeMs));
}

function scaled(value: number | undefined, [from, to]: readonly [number, number]): number {
  return value === undefined ? 0 : Math.min(Math.max((value - from) / (to - from), 0), 1);
}

/**
 * How full the memory of Redis may be before jobs of a class are refused. A full Redis refuses every write, the end of a job too: the stages
 * leave the last part to those who may not fail. The first class goes on until Redis itself is about to refuse.
 */
const refusesFrom: Readonly<Record<Criticality, number>> = {
  sheddable: 0.7,
  sheddable_plus: 0.8,
  critical: 0.9,
  critical_plus: 0.95,
};

/** A stage is left only when the memory is this much below it, or it would come and go with every job that ends. */
const memoryHysteresis = 0.02;

/** Whether new jobs of a class are refused for want of memory. `refused` says whether they were. Pure. */
export function isMemoryShort(criticality: Criticality, memoryRatio: number | undefined, refused: boolean): boolean {
  if (memoryRatio === undefined) return false;
  return memoryRatio >= refusesFrom[criticality] - (refused ? memoryHysteresis : 0);
}

/** From where on completed jobs are given up for their memory: before the first class is refused; and until when. */
const givesUpHistoryFrom = 0.68;
const givesUpHistoryUntil = 0.6;

/** Whether the memory of Redis is so short that the history of queues gives way. `gaveUp` says whether it did. Pure. */
export function givesUpHistory(memoryRatio: number | undefined, gaveUp: boolean): boolean {
  return memoryRatio !== undefined && memoryRatio >= (gaveUp ? givesUpHistoryUntil : givesUpHistoryFrom);
}

/** How near the memory of Redis is to its limit: for how many classes new jobs are refused, from 0 to 4. Pure. */
export function memoryStage(memoryRatio: number | undefined): number {
  return criticalities.filter((criticality) => isMemoryShort(criticality, memoryRatio, false)).length;
}
