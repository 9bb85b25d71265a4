import type { EpochMs } from '../time/duration.js';

/**
 * `running`: takes jobs. `quiet`: takes no more, running ones go on. `draining`: about to stop. `blocked`: a handler holds up its event
 * loop, and its guard beats for it.
 */
export type WorkerState = 'running' | 'quiet' | 'draining' | 'blocked';

/** What a worker tells of itself once a second. */
export interface WorkerBeat {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: EpochMs;
  /** The number of its connection to Redis, once it knows: gone from `CLIENT LIST`, the process is gone, or about to connect again. */
  readonly connection?: number;
  readonly state: WorkerState;
  readonly kinds: readonly string[];
  readonly queues: readonly QueueSlots[];
  readonly rssBytes: number;
  /** Longest time the event loop was held up since the last beat. */
  readonly loopDelayMs: number;
  /** For how long the event loop has not turned, when it is blocked. */
  readonly blockedMs?: number;
  /** What runs, the longest first; at most 50. */
  readonly running: readonly RunningJobBeat[];
}

export interface QueueSlots {
  readonly name: string;
  readonly slots: number;
  readonly busy: number;
  /** How long ago Redis last told the worker whether there is work; absent before the first time. While all slots are taken nobody asks. */
  readonly lastFetchMs?: number | undefined;
}

export interface RunningJobBeat {
  readonly id: string;
  readonly queue: string;
  readonly kind: string;
  readonly startedAt: EpochMs;
}

/** A worker as the fleet sees it. */
export interface WorkerSighting {
  readonly id: string;
  /** Undefined when the worker was silent for so long that its last beat expired. */
  readonly beat: WorkerBeat | undefined;
  /** How old its last beat is. */
  readonly ageMs: number;
}

/** After this long without a beat a worker is forgotten. */
export const beatTtlMs = 30_000;
