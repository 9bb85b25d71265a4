import type { EpochMs } from '../time/duration.js';

/**
 * One thing that happened to a job beside its attempts, as the job keeps it (field `bwt`): it was parked, redriven, and what a redrive
 * takes out of its hash, the losses of its workers and its death. Whoever writes one adds what else there is to know of it.
 */
export interface TrailEntry {
  readonly at: EpochMs;
  readonly what: string;
  /** Who did it. */
  readonly by?: string;
  /** When it began, of what happened several times at once. */
  readonly first?: EpochMs;
  readonly times?: number;
  readonly [detail: string]: unknown;
}

/** Reads the trail in a job's hash, which anybody may have written; what is no entry is left out. */
export function parseTrail(json: string | undefined | null): TrailEntry[] {
  if (!json) return [];
  try {
    const trail: unknown = JSON.parse(json);
    return Array.isArray(trail) ? trail.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(entry: unknown): entry is TrailEntry {
  const { at, what, by, first, times } = Object(entry) as Partial<Record<keyof TrailEntry, unknown>>;
  const isNumberIfThere = (value: unknown) => value === undefined || Number.isFinite(value);
  return (
    Number.isFinite(at) &&
    typeof what === 'string' &&
    (by === undefined || typeof by === 'string') &&
    isNumberIfThere(first) &&
    isNumberIfThere(times)
  );
}
