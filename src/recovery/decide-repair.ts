import type { JobPlaces, PlaceName } from '../transport/job-places.js';
import { judgeJob } from '../transport/judge-job.js';

export type RepairDecision =
  /** It is in exactly one place, or nobody can say what is right. */
  | { readonly kind: 'leave'; readonly fault?: 'twice' }
  /** Nobody would ever run it: put it back among those that wait. */
  | { readonly kind: 'requeue' }
  /** It stands in several places and may run twice: only the first of them is right. */
  | { readonly kind: 'keep'; readonly place: PlaceName };

/** Places from which a job is run, in the order in which one of them is believed: whoever runs it already has the better claim. */
const beforeItsEnd: readonly PlaceName[] = ['active', 'wait', 'prioritized', 'delayed'];

/**
 * Decides how a job that breaks law 1 is put right. A job that stands among the ended and among the waiting at once is left to people:
 * nobody can say which is true. One that is in no place and held by a lease is being ended. Pure.
 */
export function decideRepair(job: JobPlaces): RepairDecision {
  const fault = judgeJob(job);
  if (fault === 'lost') return job.leased ? { kind: 'leave' } : { kind: 'requeue' };
  if (fault !== 'twice') return { kind: 'leave' };
  const kept = beforeItsEnd.find((place) => job.places.includes(place) && (place !== 'active' || job.leased));
  const isClear = kept !== undefined && job.places.every((place) => beforeItsEnd.includes(place));
  return isClear ? { kind: 'keep', place: kept } : { kind: 'leave', fault };
}
