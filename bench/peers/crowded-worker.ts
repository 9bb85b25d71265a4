import { setTimeout as sleep } from 'node:timers/promises';
import { Worker as BullmqWorker } from 'bullmq';
import { createWorker } from 'bulwark';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { type CrowdedWorkers, crowdedJob, crowdedQueue } from './crowded-job.js';

/** How many jobs ended since it was told last. */
export interface DoneEvent {
  readonly event: 'done';
  readonly count: number;
}

const [, , url = '', json = ''] = process.argv;
const { subject, workers, concurrency, maxConcurrency, knee, callMs } = JSON.parse(json) as CrowdedWorkers;
let [calls, done] = [0, 0];

/** As a database whose calls wait for the same locks: up to the knee all go at full speed, beyond it more of them get less done. */
async function call(): Promise<void> {
  calls += 1;
  await sleep(callMs * Math.max(1, calls / knee) ** 2);
  calls -= 1;
  done += 1;
}

const start: Readonly<Record<CrowdedWorkers['subject'], () => Promise<unknown>>> = {
  bulwark: () =>
    createWorker({
      redis: url,
      jobs: [crowdedJob(call)],
      worker: { concurrency, ...(maxConcurrency !== undefined && { maxConcurrency }) },
      job: { keepCompletedCount: 1_000_000 },
      log: pino({ level: 'silent' }),
    }).start(),
  bullmq: () =>
    new BullmqWorker(crowdedQueue, call, {
      connection: new Redis(url, { maxRetriesPerRequest: null }),
      concurrency,
    }).waitUntilReady(),
};

setInterval(() => {
  process.send?.({ event: 'done', count: done } satisfies DoneEvent);
  done = 0;
}, 200);
process.once('disconnect', () => process.exit());
for (let n = 0; n < workers; n++) await start[subject]();
process.send?.('ready');
