import { Worker as BullmqWorker } from 'bullmq';
import { createWorker } from 'bulwark';
import { Redis } from 'ioredis';
import { Database, type OverloadPayload, overloadJobs, type Rival, type WorkClass } from './overload-jobs.js';

/** What a worker tells now and then: the jobs that it has begun since. */
export interface BegunEvent {
  readonly event: 'begun';
  readonly jobs: readonly { readonly number: number; readonly workClass: WorkClass; readonly waitedS: number }[];
}

/** How many calls the database answered in a second when it was never left without one. */
export interface CapacityEvent {
  readonly event: 'capacity';
  readonly perS: number;
}

/** How long a call takes from now on, or for how long the database is to be called without any queue. */
export type WorkerOrder = { readonly callMs: number } | { readonly saturateForMs: number };

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
process.on('message', (order: WorkerOrder) => {
  if ('callMs' in order) database.slow(order.callMs);
  else void saturate(order.saturateForMs);
});
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

/** Calls the database from as many loops as it has room for. */
async function saturate(forMs: number): Promise<void> {
  const from = performance.now();
  let calls = 0;
  const loop = async () => {
    while (performance.now() - from < forMs) {
      await database.answer();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: Number(room) }, loop));
  const perS = (1_000 * calls) / (performance.now() - from);
  process.send?.({ event: 'capacity', perS } satisfies CapacityEvent);
}
