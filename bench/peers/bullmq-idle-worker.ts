import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

/** The peer of an idle Bulwark worker: plain BullMQ with its defaults, as many queues, one process. */
const [, , url = '', ...queues] = process.argv;
const connection = new Redis(url, { maxRetriesPerRequest: null });
const workers = queues.map((queue) => new Worker(queue, async () => undefined, { connection, concurrency: 10 }));
await Promise.all(workers.map((worker) => worker.waitUntilReady()));
process.stdout.write('ready\n');

process.once('SIGTERM', () => {
  Promise.all(workers.map((worker) => worker.close(true)))
    .then(() => connection.disconnect())
    .catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    });
});
