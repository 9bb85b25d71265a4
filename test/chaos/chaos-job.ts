import { z } from 'zod';
import { defineJob, defineQueue } from '../../src/index.js';
import type { ChaosPayload } from './pool-process.js';

/** What the producer of a test knows of the kind that the worker processes run. */
export const chaosJob = defineJob({
  kind: 'chaos',
  queue: defineQueue({ name: 'chaos', criticality: 'critical' }),
  payload: z.custom<ChaosPayload>(),
  run: () => {
    throw new Error('runs in a process of its own');
  },
});
