import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { createProducer } from 'bulwark';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { FlakyShop, type ShopSecond } from '../faults/flaky-shop.js';
import { type FlakyWork, flakyAttempts, flakyJob, flakyQueue } from '../peers/flaky-job.js';
import { startProgram } from './programs.js';

/** Workers that buy at a shop which fails for a while, with new jobs coming all the time. */
export interface FlakyPlan {
  readonly perSecond: number;
  readonly flakySeconds: number;
  /** For so long new jobs come, from the beginning. */
  readonly trafficSeconds: number;
  /** How long after that the last job may take. */
  readonly patienceMs: number;
}

export interface FlakyRun {
  readonly jobs: number;
  readonly done: number;
  /** Jobs that were given up. */
  readonly failed: number;
  readonly lost: number;
  /** What the shop saw, second by second. */
  readonly seconds: readonly ShopSecond[];
  /** From when the shop worked again until no job was left that had called it before. */
  readonly caughtUpAfter: number;
}

type FlakySubject = 'bulwark' | 'bullmq';

const workers = 3;
const slots = 10;
/** So many jobs run at once. */
export const atOnce = workers * slots;
const batchesPerSecond = 10;

/** Lets the jobs of one subject call a flaky shop, and says what became of jobs and shop. */
export async function runFlaky(subject: FlakySubject, plan: FlakyPlan, url: string): Promise<FlakyRun> {
  const program = subject === 'bulwark' ? 'flaky-worker' : 'flaky-bullmq-worker';
  const crew = await Promise.all(Array.from({ length: workers }, () => startProgram(program, [url, String(slots)])));
  const producer = subject === 'bulwark' ? bulwarkProducer(url) : bullmqProducer(url);
  const shop = new FlakyShop(plan.flakySeconds * 1_000);
  const redis = new Redis(url);
  try {
    await shop.open();
    const jobs = await bringTraffic(plan, shop, producer.enqueue);
    const deadline = performance.now() + plan.patienceMs;
    let ended = await countEnded(redis, subject);
    while (ended.done + ended.failed < jobs && performance.now() < deadline) {
      await sleep(200);
      ended = await countEnded(redis, subject);
    }
    const lastRetry = shop.seconds.findLastIndex(({ again }) => again > 0) + 1;
    const caughtUpAfter = Math.max(0, lastRetry - plan.flakySeconds);
    return { jobs, ...ended, lost: jobs - ended.done - ended.failed, seconds: shop.seconds, caughtUpAfter };
  } finally {
    for (const worker of crew) worker.kill('SIGKILL');
    shop.close();
    redis.disconnect();
    await producer.close();
  }
}

/** Enqueues at an even pace; returns how many. */
async function bringTraffic(
  { perSecond, trafficSeconds }: FlakyPlan,
  shop: FlakyShop,
  enqueue: FlakyProducer['enqueue'],
): Promise<number> {
  const startedAt = performance.now();
  const size = perSecond / batchesPerSecond;
  let next = 0;
  for (let batch = 0; batch < trafficSeconds * batchesPerSecond; batch++) {
    await enqueue(Array.from({ length: size }, () => ({ number: next++, shop: shop.url })));
    await sleep(Math.max(0, startedAt + ((batch + 1) * 1_000) / batchesPerSecond - performance.now()));
  }
  return next;
}

interface FlakyProducer {
  readonly enqueue: (works: FlakyWork[]) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

function bulwarkProducer(url: string): FlakyProducer {
  const producer = createProducer({ redis: url, log: pino({ level: 'silent' }) });
  return { enqueue: (works) => producer.enqueueMany(flakyJob, works), close: () => producer.close() };
}

/** The same attempts, and the backoff that is nearest to Bulwark's: exponential from a second on, with full jitter. */
function bullmqProducer(url: string): FlakyProducer {
  const queue = new Queue<FlakyWork>(flakyQueue, { connection: { url } });
  const opts = { attempts: flakyAttempts, backoff: { type: 'exponential', delay: 1_000, jitter: 1 } };
  return {
    enqueue: (works) => queue.addBulk(works.map((data) => ({ name: flakyJob.kind, data, opts }))),
    close: () => queue.close(),
  };
}

const bulwarkBase = `{bulwark:${flakyQueue}}:${flakyQueue}`;
const ends: Readonly<Record<FlakySubject, readonly [done: string, failed: string]>> = {
  bulwark: [`${bulwarkBase}:completed`, `${bulwarkBase}.dead:failed`],
  bullmq: [`bull:${flakyQueue}:completed`, `bull:${flakyQueue}:failed`],
};

async function countEnded(redis: Redis, subject: FlakySubject): Promise<{ done: number; failed: number }> {
  const [done, failed] = await Promise.all(ends[subject].map((key) => redis.zcard(key)));
  return { done: done ?? 0, failed: failed ?? 0 };
}
