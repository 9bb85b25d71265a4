import type { EpochMs } from '../time/duration.js';

/** Something that happened to a job between its attempts, as the job keeps it (field `bwt`): put back from the dead, set aside … */
export interface TrailEntry {
  readonly at: EpochMs;
  readonly what: string;
  /** Who did it. */
  readonly by?: string;
}

/** Reads the trail in a job's hash, which anybody may have written; what is no entry is left out. */
export function parseTrail(json: string | undefined | null): TrailEntry[] {
  if (!json) return [];
  try {
    const entries: unknown = JSON.parse(json);
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(entry: unknown): entry is TrailEntry {
  const { at, what, by } = Object(entry) as Partial<Record<keyof TrailEntry, unknown>>;
  return Number.isFinite(at) && typeof what === 'string' && (by === undefined || typeof by === 'string');
}
