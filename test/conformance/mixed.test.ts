import {
  type BackendFactory,
  createRedisBackend,
  type JobsOptions,
  Queue,
  QueueEvents,
  type RedisQueueBackend,
  Worker,
} from 'bullmq';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createBulwarkBackend, defineJob } from '../../src/index.js';
import { type TestPool, usePool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';

const pool = usePool();

interface Run {
  readonly by: string;
  readonly id: string;
  readonly attempt: number;
}

/** Fails a job that wants it, the first time. */
function handler(by: string, runs: Run[], work: () => Promise<void>) {
  return async ({ id, data, attemptsMade }: { id?: string; data: { fails?: boolean }; attemptsMade: number }) => {
    runs.push({ by, id: id ?? '', attempt: attemptsMade + 1 });
    await work();
    if (data.fails && attemptsMade === 0) throw new Error('not the first time');
    return id;
  };
}

/** Every kind of worker and producer on one queue. */
async function crowd(pool: TestPool, concurrency: number, work = () => new Promise<void>(setImmediate)) {
  const definition = pool.queue();
  const runs: Run[] = [];
  const run = handler('ours', runs, work);
  const job = defineJob({
    kind: 'charge',
    queue: definition,
    payload: z.looseObject({}),
    retry: { attempts: 3, base: 1, cap: 1 },
    run: (data, ctx) => run({ id: ctx.jobId, data, attemptsMade: ctx.attempt - 1 }),
  });
  const prefix = pool.keyspace.prefix(definition.name);
  const connect = () => {
    const connection = new Redis(pool.url, { maxRetriesPerRequest: null });
    onTestFinished(() => connection.disconnect());
    return { connection, prefix };
  };
  const queueOn = (factory: BackendFactory<RedisQueueBackend>) => {
    const queue = new Queue(definition.name, connect(), factory);
    onTestFinished(() => queue.close());
    return queue;
  };
  const start = async () => {
    for (const [by, factory] of [
      ['plain', createRedisBackend],
      ['batched', createBulwarkBackend],
    ] as const) {
      const worker = new Worker(
        definition.name,
        handler(by, runs, work),
        { ...connect(), concurrency, drainDelay: 1 },
        factory,
      );
      onTestFinished(() => worker.close());
    }
    await pool.worker([job], { worker: { concurrency } });
  };
  const key = (part: string) => pool.keyspace.queue(definition.name, part);
  const idle = () =>
    eventually(
      'the queue is done',
      async () => {
        const { waiting, active, delayed, prioritized } = await pool.inspector.sample(definition.name);
        return waiting + active + delayed + prioritized === 0;
      },
      { timeoutMs: 8_000 },
    );
  return {
    job,
    runs,
    plain: queueOn(createRedisBackend),
    batched: queueOn(createBulwarkBackend),
    start,
    idle,
    key,
    connect,
  };
}

const number = 600;
const ways: readonly JobsOptions[] = [{}, { priority: 2 }, { delay: 20 }, { lifo: true }, { attempts: 3, backoff: 1 }];

describe('plain BullMQ, BullMQ on our backend and our own worker on one queue', () => {
  it('run every job to its end exactly once, whoever added it', async () => {
    const { job, runs, plain, batched, start, idle, key, connect } = await crowd(pool(), 5);
    const events = new QueueEvents(plain.name, connect());
    onTestFinished(() => events.close());
    await events.waitUntilReady();
    const completed: string[] = [];
    events.on('completed', ({ jobId }) => completed.push(jobId));
    await start();

    const jobs = Array.from({ length: number }, (_, n) => {
      const opts = ways[n % ways.length] ?? {};
      return { name: 'charge', data: { fails: opts.attempts === 3 && n % 2 === 0 }, opts };
    });
    const added = await Promise.all([
      plain.addBulk(jobs),
      batched.addBulk(jobs),
      Promise.all(jobs.map(({ name, data, opts }) => batched.add(name, data, opts))),
      pool()
        .producer()
        .enqueueMany(
          job,
          Array.from({ length: number }, () => ({})),
        ),
    ]);

    await idle();
    const ids = added
      .flat()
      .map(({ id }) => String(id))
      .sort();
    await eventually('all is told', () => completed.length === ids.length);
    expect(new Set(ids).size).toBe(4 * number);
    expect(completed.sort()).toEqual(ids);
    expect((await pool().client.zrange(key('completed'), '0', '-1')).sort()).toEqual(ids);
    expect(await pool().client.exists(key('failed'), key('active'), key('stalled'))).toBe(0);
    expect(await pool().client.keys(key('*:lock'))).toEqual([]);
    const failing = 3 * jobs.filter(({ data }) => data.fails).length;
    expect(runs).toHaveLength(ids.length + failing);
    expect(new Set(runs.map(({ by }) => by))).toEqual(new Set(['plain', 'batched', 'ours']));
  });

  it('keep to a global concurrency together, and to a pause', async () => {
    let running = 0;
    let most = 0;
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
    };
    const { runs, plain, batched, start, idle } = await crowd(pool(), 5, work);
    await plain.setGlobalConcurrency(3);
    await start();

    const half = Array.from({ length: 150 }, () => ({ name: 'charge', data: {} }));
    await Promise.all([plain.addBulk(half), batched.addBulk(half)]);
    await eventually('some have run', () => runs.length > 50);
    await batched.pause();
    await eventually('those that run have ended', async () => (await plain.getActiveCount()) === 0);
    const before = runs.length;
    await plain.add('charge', {});
    const paused = await plain.getWaitingCount();
    await plain.resume();

    await idle();
    expect(before).toBeLessThan(300);
    expect(before + paused).toBe(301);
    expect(runs).toHaveLength(301);
    expect(most).toBe(3);
  });

  it('keep to a rate limit of the queue together', async () => {
    const { runs, plain, batched, start, idle } = await crowd(pool(), 5);
    await plain.setGlobalRateLimit(10, 200);
    await batched.addBulk(Array.from({ length: 30 }, () => ({ name: 'charge', data: {} })));
    const before = performance.now();
    await start();

    await idle();

    expect(runs).toHaveLength(30);
    expect(performance.now() - before).toBeGreaterThan(390);
  });
});
