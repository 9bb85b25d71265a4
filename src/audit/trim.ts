import type { ChainedFields } from './chain.js';

/** Which entries of a full day gave way. */
export interface Trim {
  /** The first that the day ever had. */
  readonly from: number;
  /** The last one that is gone. */
  readonly through: number;
}

/** Which entries gave way, if this one tells of that. */
export function trimIn({ what, details = '' }: ChainedFields): Trim | undefined {
  if (what !== 'audit.trim') return undefined;
  try {
    const { from, through } = Object(JSON.parse(details)) as { readonly from?: unknown; readonly through?: unknown };
    return typeof from === 'number' && typeof through === 'number' ? { from, through } : undefined;
  } catch {
    return undefined;
  }
}

/** How many of a full day's entries give way at once: some, so that not every entry is followed by another one that tells of a trim. */
export function countGivingWay(entriesPerDay: number): number {
  return Math.max(1, Math.floor(entriesPerDay / 10));
}

/** How many entries a full day has at least when its oldest have given way, the one that tells of it included. */
export function leastLeft(entriesPerDay: number): number {
  return entriesPerDay - countGivingWay(entriesPerDay) + 1;
}
