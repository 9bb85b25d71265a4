import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';

/** A job that holds its slot for so long. Its jobs may wait for five seconds. */
export const scaleJob = defineJob({
  kind: 'hold-slot',
  queue: defineQueue({ name: 'rush', slo: '5s' }),
  payload: z.object({ ms: z.number() }),
  timeout: '5m',
  run: ({ ms }) => sleep(ms),
});
