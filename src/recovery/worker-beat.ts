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
  /** Whether it can run a suspect in a process of its own, and does. Absent when it cannot. */
  readonly lane?: 'free' | 'busy';
  /** The suspect that this process is there for, alone. */
  readonly suspect?: { readonly queue: string; readonly jobId: string };
}

export interface QueueSlots {
  readonly name: string;
  /** How many jobs it runs at once as it is configured; that never changes. */
  readonly slots: number;
  readonly busy: number;
  /** How many it may run now, where that is another number: breakers or overload control allow fewer, or the limit is adaptive. */
  readonly usable?: number;
  /** The dependencies without which some of its kinds can do nothing, at most 50; absent when there are none. */
  readonly needs?: readonly string[];
  /** How long ago Redis last told the worker whether there is work; absent before the first time. While all slots are taken nobody asks. */
  readonly lastFetchMs?: number | undefined;
}

export interface RunningJobBeat {
  readonly id: string;
  readonly queue: string;
  readonly kind: string;
  readonly startedAt: EpochMs;
  /** What its handler reported last; short text when that was more than a number. */
  readonly progress?: number | string;
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
  readonly lane: WorkerBeat['lane'] | undefined;
}

/** Enough for the longest head. */
export const headBytes = 80;

/** The same beat, in the order in which its text is written. */
export function headFirst({ connection, state, lane, ...beat }: WorkerBeat): object {
  return { connection, state, lane, ...beat };
}

const headPattern = /^\{(?:"connection":([^,]+),)?"state":"(\w+)"(?:,"lane":"(\w+)")?/;
const lanes = ['free', 'busy'] as const;

/** Reads the first bytes of a beat. Anybody may have written it: what is not as it should be counts as not told. */
export function parseHead(text: string): WorkerHead {
  const [, number = '', word = '', lane] = headPattern.exec(text) ?? [];
  const connection = /^[1-9]\d{0,15}$/.test(number) ? Number(number) : undefined;
  return {
    connection,
    state: workerStates.find((state) => state === word),
    lane: lanes.find((state) => state === lane),
  };
}

/** After this long without a beat a worker is forgotten. */
export const beatTtlMs = 30_000;
