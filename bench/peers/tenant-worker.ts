import { Worker as BullmqWorker } from 'bullmq';
import { createWorker } from 'bulwark';
import { Redis } from 'ioredis';
import {
  defineTenantJob,
  doWork,
  type TenantPayload,
  type TenantRival,
  type TenantRun,
  tenantQueue,
} from './tenant-jobs.js';

/** What a worker tells now and then: the jobs that it has done since. */
export interface DoneEvent {
  readonly event: 'done';
  readonly jobs: readonly TenantRun[];
}

/** What it is told: how long a call takes from now on. */
export interface CallPace {
  readonly callMs: number;
}

const [, , rival, url = '', slots, firstCallMs] = process.argv as [string, string, TenantRival, string, string, string];
let callMs = Number(firstCallMs);
let done: TenantRun[] = [];
setInterval(() => {
  if (done.length > 0) process.send?.({ event: 'done', jobs: done } satisfies DoneEvent);
  done = [];
}, 200);

async function run(payload: TenantPayload): Promise<void> {
  const job = await doWork(payload, callMs);
  done.push(job);
}

process.once('disconnect', () => process.exit());
process.on('message', (pace: CallPace) => {
  callMs = pace.callMs;
});
const concurrency = Number(slots);
if (rival === 'bullmq') {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const worker = new BullmqWorker<TenantPayload>(tenantQueue, (job) => run(job.data), { connection, concurrency });
  await worker.waitUntilReady();
} else {
  await createWorker({ redis: url, jobs: [defineTenantJob(rival, run)], worker: { concurrency } }).start();
}
process.send?.('ready');
