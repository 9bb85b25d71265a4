import type { EpochMs } from '../time/duration.js';

/**
 * `running`: takes jobs. `quiet`: takes no more, running ones go on. `draining`: about to stop. `blocked`: a handler holds up its event
 * loop, and its guard beats for it.
 */
export const workerStates = ['running', 'quiet', 'draining', 'blocked'] as const;
export type WorkerState = (typeof workerStates)[number];

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

/** What the leader wants to know of every worker all the time: it comes first in the text of a beat, and no more is read of it. */
export interface WorkerHead {
  readonly connection: number | undefined;
  readonly state: WorkerState | undefined;
}

/** Enough for the longest head. */
export const headBytes = 64;

/** The same beat, in the order in which its text is written. */
export function headFirst({ connection, state, ...beat }: WorkerBeat): object {
  return { connection, state, ...beat };
}

const headPattern = /^\{(?:"connection":([^,]+),)?"state":"(\w+)"/;

/** Reads the first bytes of a beat. Anybody may have written it: what is not as it should be counts as not told. */
export function parseHead(text: string): WorkerHead {
  const [, number = '', word = ''] = headPattern.exec(text) ?? [];
  const connection = /^[1-9]\d{0,15}$/.test(number) ? Number(number) : undefined;
  return { connection, state: workerStates.find((state) => state === word) };
}

/** After this long without a beat a worker is forgotten. */
export const beatTtlMs = 30_000;
