import type { JobPlaces } from './job-places.js';

/**
 * What is wrong with a job by law 1, "every job is in exactly one place":
 *
 * - `lost`: it exists and is in no place, so nobody will ever run it.
 * - `empty`: its id stands in a place and there is no job behind it.
 * - `twice`: its id stands in two places, so it may run twice.
 */
export type JobFault = 'lost' | 'empty' | 'twice';

/** Judges one job by what was seen in one moment; undefined when all is well. Pure. */
export function judgeJob({ hash, places }: Pick<JobPlaces, 'hash' | 'places'>): JobFault | undefined {
  if (places.length > 1) return 'twice';
  if (places.length === 1) return hash === 'none' ? 'empty' : undefined;
  return hash === 'job' ? 'lost' : undefined;
}
