import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { callShop, type FlakyWork, flakyQueue } from './flaky-job.js';

/** Plain BullMQ at the same work, with its defaults. */
const [, , url = '', concurrency] = process.argv;

const worker = new Worker<FlakyWork>(flakyQueue, (job) => callShop(job.data), {
  connection: new Redis(url, { maxRetriesPerRequest: null }),
  concurrency: Number(concurrency),
});
process.once('disconnect', () => process.exit());
await worker.waitUntilReady();
process.send?.('ready');
