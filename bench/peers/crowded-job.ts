import { defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';

export const crowdedQueue = 'crowded';

/** Workers in front of one dependency, of which so many calls at once make the best use. */
export interface CrowdedWorkers {
  readonly subject: 'bulwark' | 'bullmq';
  readonly workers: number;
  readonly concurrency: number;
  /** Lets each find the number itself, up to this. */
  readonly maxConcurrency?: number;
  readonly knee: number;
  /** How long a call takes when nothing is in its way. */
  readonly callMs: number;
}

/** A job that calls the dependency once. */
export function crowdedJob(call: () => Promise<void>) {
  return defineJob({
    kind: 'call',
    queue: defineQueue({ name: crowdedQueue, slo: '1h' }),
    payload: z.object({}),
    run: call,
  });
}
