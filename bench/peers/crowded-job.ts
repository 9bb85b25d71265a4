import { defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';

export const crowdedQueue = 'crowded';

/** One worker in front of a dependency that so many calls at once can make good use of. */
export interface CrowdedWorker {
  readonly subject: 'bulwark' | 'bullmq';
  readonly concurrency: number;
  /** Lets it find the number itself, up to this. */
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
