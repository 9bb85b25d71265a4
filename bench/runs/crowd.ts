import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { createProducer } from 'bulwark';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { FleetStore } from '../../src/recovery/fleet-store.js';
import { Keyspace } from '../../src/redis/keyspace.js';
import { QueueInspector } from '../../src/transport/queue-inspector.js';
import { type CrowdedWorkers, crowdedJob, crowdedQueue } from '../peers/crowded-job.js';
import type { DoneEvent } from '../peers/crowded-worker.js';
import { withPrivateRedis } from '../private-redis.js';
import { startProgram } from './programs.js';

export interface CrowdPlan {
  /** How long the workers have before they are measured. */
  readonly learnS: number;
  readonly measureS: number;
  readonly jobs: number;
}

export interface CrowdFigures {
  /** From the first job on. */
  readonly perSecond: number;
  /** After the time that they have to learn. */
  readonly perSecondThen: number;
  /** How many jobs all of them ran at once at the end, at most. */
  readonly limit: number;
  readonly lost: number;
}

/** Lets workers do as many jobs as they can, on a Redis of their own. There is always another job. */
export function runCrowd(workers: CrowdedWorkers, { learnS, measureS, jobs }: CrowdPlan): Promise<CrowdFigures> {
  return withPrivateRedis(async ({ url }) => {
    const client = new Redis(url);
    await fill[workers.subject](url, jobs);
    let done = 0;
    const program = await startProgram<DoneEvent>('crowded-worker', [url, JSON.stringify(workers)], ({ count }) => {
      done += count;
    });
    try {
      const startedAt = performance.now();
      await sleep(learnS * 1_000);
      const [learned, learnedAt] = [done, performance.now()];
      await sleep(measureS * 1_000);
      const [all, endedAt] = [done, performance.now()];
      return {
        perSecond: (all * 1_000) / (endedAt - startedAt),
        perSecondThen: ((all - learned) * 1_000) / (endedAt - learnedAt),
        limit: await limitOf(workers, client),
        lost: jobs - (await countJobs(workers, client)),
      };
    } finally {
      program.disconnect();
      client.disconnect();
    }
  });
}

const fill: Readonly<Record<CrowdedWorkers['subject'], (url: string, jobs: number) => Promise<void>>> = {
  bulwark: async (url, jobs) => {
    const producer = createProducer({ redis: url, log: pino({ level: 'silent' }) });
    await producer.enqueueMany(
      crowdedJob(async () => undefined),
      Array.from({ length: jobs }, () => ({})),
    );
    await producer.close();
  },
  bullmq: async (url, jobs) => {
    const queue = new Queue(crowdedQueue, { connection: { url } });
    const batch = 1_000;
    for (let added = 0; added < jobs; added += batch) {
      await queue.addBulk(Array.from({ length: Math.min(batch, jobs - added) }, () => ({ name: 'call', data: {} })));
    }
    await queue.close();
  },
};

async function limitOf({ subject, workers, concurrency }: CrowdedWorkers, client: Redis): Promise<number> {
  if (subject === 'bullmq') return workers * concurrency;
  const sightings = await new FleetStore(client, new Keyspace('bulwark')).read();
  return sightings.reduce((sum, { beat }) => sum + (beat?.queues[0]?.usable ?? concurrency), 0);
}

/** Every job is somewhere, and in one place. */
async function countJobs({ subject }: CrowdedWorkers, client: Redis): Promise<number> {
  if (subject === 'bulwark') {
    const sample = await new QueueInspector(client, new Keyspace('bulwark')).sample(crowdedQueue);
    const { waiting, prioritized, delayed, active, completed, dead_lettered } = sample;
    return waiting + prioritized + delayed + active + completed + dead_lettered;
  }
  const base = `bull:${crowdedQueue}`;
  const [counts] = await Promise.all([
    client
      .multi()
      .llen(`${base}:wait`)
      .llen(`${base}:active`)
      .zcard(`${base}:delayed`)
      .zcard(`${base}:completed`)
      .zcard(`${base}:failed`)
      .exec(),
  ]);
  return (counts ?? []).reduce((sum, [, count]) => sum + Number(count), 0);
}
