import { Worker as BullmqWorker } from 'bullmq';
import { createWorker } from 'bulwark';
import { Redis } from 'ioredis';
import { Database, type OverloadPayload, overloadJobs, type Rival, type WorkClass } from './overload-jobs.js';

/** What a worker tells now and then: the jobs that it has begun since. */
export interface BegunEvent {
  readonly event: 'begun';
  readonly jobs: readonly { readonly number: number; readonly workClass: WorkClass; readonly waitedS: number }[];
}

/** What is done takes memory, too, for as long as it is kept. Bulwark keeps what it keeps by default. */
const keptByBullmq = 100;

const [, , rival, url = '', room, ms] = process.argv as [string, string, Rival, string, string, string];
let begun: BegunEvent['jobs'][number][] = [];
const database = new Database(Number(room), Number(ms), ({ number, workClass }, waitedS) =>
  begun.push({ number, workClass, waitedS }),
);
setInterval(() => {
  if (begun.length > 0) process.send?.({ event: 'begun', jobs: begun } satisfies BegunEvent);
  begun = [];
}, 200);

process.once('disconnect', () => process.exit());
process.on('message', (slowTo: number) => database.slow(slowTo));
if (rival === 'bulwark') {
  const jobs = Object.values(overloadJobs(database));
  const worker = { concurrency: Number(room) };
  await createWorker({ redis: url, jobs, worker }).start();
} else {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const worker = new BullmqWorker<OverloadPayload>('work', (job) => database.call(job.data), {
    connection,
    concurrency: Number(room),
    removeOnComplete: { count: keptByBullmq },
  });
  await worker.waitUntilReady();
}
process.send?.('ready');
