import type { EpochMs } from '../time/duration.js';

/**
 * How a job lost its worker. `exited`: its process ended. `silent`: nothing was heard of it for too long; it may have lost its way to
 * Redis, or its power. `unowned`: nobody held the job.
 */
export const losses = ['exited', 'silent', 'unowned'] as const;

export type Loss = (typeof losses)[number];

/** One loss of a worker while it ran a job, as the job keeps it (field `bwk`), with what was known of the worker. */
export interface JobCrash {
  readonly at: EpochMs;
  readonly how: Loss;
  /** The worker that was lost; absent when nobody held the job. */
  readonly worker?: string;
  /** Whether the job was alone in its process. */
  readonly alone?: boolean;
  /** How its process ended, as whoever started it saw. */
  readonly exitCode?: number;
  readonly signal?: string;
  /** What its last beat told: memory, the longest delay of its event loop, and for how long that was blocked. */
  readonly rssBytes?: number;
  readonly loopDelayMs?: number;
  readonly blockedMs?: number;
  /** What its process wrote last; kept of the last crash only. */
  readonly lines?: readonly string[];
}

/** Reads the crashes in a job's hash, which anybody may have written; what is no crash is left out. */
export function parseCrashes(json: string | undefined | null): JobCrash[] {
  if (!json) return [];
  try {
    const crashes: unknown = JSON.parse(json);
    return Array.isArray(crashes) ? crashes.filter(isCrash) : [];
  } catch {
    return [];
  }
}

const fieldTypes = {
  worker: 'string',
  alone: 'boolean',
  exitCode: 'number',
  signal: 'string',
  rssBytes: 'number',
  loopDelayMs: 'number',
  blockedMs: 'number',
} as const;

/** Whether anything is a crash as a job keeps it. */
export function isCrash(entry: unknown): entry is JobCrash {
  const { at, how, lines, ...rest } = Object(entry) as Partial<Record<keyof JobCrash, unknown>>;
  const isSound = (field: keyof typeof fieldTypes) =>
    rest[field] === undefined || typeof rest[field] === fieldTypes[field];
  return (
    Number.isFinite(at) &&
    losses.includes(how as Loss) &&
    (lines === undefined || (Array.isArray(lines) && lines.every((line) => typeof line === 'string'))) &&
    (Object.keys(fieldTypes) as (keyof typeof fieldTypes)[]).every(isSound)
  );
}
