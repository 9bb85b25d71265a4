import type { KeepJobs } from 'bullmq';

/** How long and how many finished jobs stay; what is not said does not limit. A count of 0 keeps none. */
export interface KeepPolicy {
  /** Seconds. */
  readonly age?: number;
  readonly count?: number;
  /** How many jobs are removed for their age at once. */
  readonly limit?: number;
}

/** How many jobs BullMQ removes for their age at the end of one job. */
const defaultLimit = 1_000;

/** What a job's own options say about keeping it, in BullMQ's many forms; else the worker's policy; else all stay. */
export function keepPolicy(
  own: KeepJobs | boolean | number | null | undefined,
  workers: KeepJobs | undefined,
): KeepPolicy {
  if (own == null) return workers ?? {};
  if (typeof own === 'object') return own;
  return { count: typeof own === 'number' ? own : own ? 0 : -1 };
}

/** A policy as one word, as the header of fetch-and-finish.lua describes it. */
export function keepWord({ age, count, limit }: KeepPolicy): string {
  return `${age ?? ''}/${count ?? -1}/${limit ?? defaultLimit}`;
}
