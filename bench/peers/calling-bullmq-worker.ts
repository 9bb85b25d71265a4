import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type CallingKind, callDependency, callingQueue, callTimeoutMs, doOther } from './calling-jobs.js';

/** Plain BullMQ at the same work, with its defaults. */
const [, , redis = '', concurrency, url = ''] = process.argv;

const worker = new Worker<unknown, void, CallingKind>(
  callingQueue,
  ({ name }) => (name === 'call' ? callDependency(url, AbortSignal.timeout(callTimeoutMs)) : doOther()),
  { connection: new Redis(redis, { maxRetriesPerRequest: null }), concurrency: Number(concurrency) },
);
process.once('disconnect', () => process.exit());
await worker.waitUntilReady();
process.send?.('ready');
