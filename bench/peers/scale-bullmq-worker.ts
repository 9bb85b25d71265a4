import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

// Plain BullMQ's worker of the proof `scale`: its jobs hold a slot for as long as they say.
const [, , queue = '', url = '', slots] = process.argv;
process.once('disconnect', () => process.exit());
const connection = new Redis(url, { maxRetriesPerRequest: null });
const worker = new Worker<{ readonly ms: number }>(queue, ({ data }) => sleep(data.ms), {
  connection,
  concurrency: Number(slots),
});
await worker.waitUntilReady();
process.send?.('ready');
