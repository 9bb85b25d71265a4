import { setTimeout as sleep } from 'node:timers/promises';
import { defineDependency, defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';

/** What the job needs. Nothing calls it: whether it may be called is enough to hold the jobs back. */
export const store = defineDependency({ name: 'store' });

/** A job that holds its slot for so long. Its jobs may wait for five seconds. */
export const scaleJob = defineJob({
  kind: 'hold-slot',
  queue: defineQueue({ name: 'rush', slo: '5s' }),
  payload: z.object({ ms: z.number() }),
  dependencies: [store],
  timeout: '5m',
  run: ({ ms }) => sleep(ms),
});
