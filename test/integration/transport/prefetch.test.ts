import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { defineJob, type QueueDefinition } from '../../../src/index.js';
import { connectRedis } from '../../../src/redis/connection.js';
import type { DurationMs } from '../../../src/time/duration.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';
import { QueueConsumer } from '../../../src/transport/queue-consumer.js';
import { eventually } from '../../support/eventually.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** Long enough a run for the fetch of another job to be seen, if there was one. */
const lookMs = 15;

interface Started {
  readonly ran: string[];
  readonly consumer: QueueConsumer;
  readonly said: ReturnType<typeof recordLog>['said'];
}

/** A consumer with one slot. */
async function startConsumer(
  queue: QueueDefinition,
  prefetch: boolean,
  run: (job: FetchedJob) => void | Promise<void>,
): Promise<Started> {
  const client = await connectRedis({
    redis: resolveRedisInput(pool().url),
    name: 'consumer',
    manner: 'patient',
    onError: () => undefined,
  });
  const { log, said } = recordLog();
  const ran: string[] = [];
  let running = 0;
  const consumer = new QueueConsumer({
    client,
    keyspace: pool().keyspace,
    queue: queue.name,
    worker: 'w1',
    connectionName: 'consumer',
    slots: 1,
    slotsAtFirst: 1,
    prefetch,
    leaseMs: 15_000,
    leaseRenewMs: 5_000,
    fetchBlockMs: 1_000,
    keepCompleted: { count: 10_000 },
    keepAttempts: 1,
    keepKeysMs: 60_000 as DurationMs,
    execute: async (job) => {
      running += 1;
      ran.push(running === 1 ? job.id : `${job.id} beside another`);
      await run(job);
      running -= 1;
      return { kind: 'completed', resultJson: 'null' };
    },
    givenBack: { kind: 'interrupted', reason: 'shutdown' },
    onSettled: () => undefined,
    onRenewed: () => undefined,
    onStuck: () => undefined,
    onError: () => undefined,
    log,
  });
  onTestFinished(async () => {
    await consumer.stop();
    client.disconnect();
  });
  return { ran, consumer, said };
}

async function fill(queue: QueueDefinition, count: number): Promise<string[]> {
  const job = defineJob({ kind: 'do', queue, payload: z.looseObject({}), run: () => undefined });
  const enqueued = await pool()
    .producer()
    .enqueueMany(
      job,
      Array.from({ length: count }, () => ({})),
    );
  return enqueued.map(({ id }) => id);
}

const active = (queue: QueueDefinition) => pool().client.llen(`${pool().keyspace.queueBase(queue.name)}active`);

/** The most jobs that are in hand while one runs, as soon as there are so many. */
async function mostInHand(queue: QueueDefinition): Promise<number> {
  let most = 0;
  for (const until = performance.now() + lookMs; most < 2 && performance.now() < until; ) {
    most = Math.max(most, await active(queue));
  }
  return most;
}

describe('a consumer with one slot', () => {
  it('has the next job in hand after short ones, gives it back when no slot gets free, and keeps their order', {
    timeout: 20_000,
  }, async () => {
    const queue = pool().queue();
    const ids = await fill(queue, 1_000);
    const { ran, consumer, said } = await startConsumer(queue, true, async () => {
      // Once is enough; the machine may be too busy for jobs to be short before that.
      if (ran.length % 30 !== 0 || said('job.not_begun').length > 0) return;
      if ((await mostInHand(queue)) < 2) return;
      await eventually('it goes back', () => said('job.not_begun').length > 0);
    });
    consumer.start();
    await eventually('all have run', () => ran.length === ids.length, { timeoutMs: 15_000 });

    const [given] = said('job.not_begun');
    expect(ran).toEqual(ids);
    const trail = await pool().client.hget(`${pool().keyspace.queueBase(queue.name)}${given?.['jobId']}`, 'bwt');
    expect(trail).toContain('"what":"given_back"');
    expect(trail).toContain('"reason":"no_slot"');
    expect(await pool().client.hget(`${pool().keyspace.queueBase(queue.name)}${given?.['jobId']}`, 'atm')).toBe('1');
  });

  it.each([
    ['is not to have one in hand', false, async () => undefined],
    [
      'serves a queue that limits how many of its jobs run',
      true,
      async ({ name }: QueueDefinition) =>
        void (await pool().client.hset(`${pool().keyspace.queueBase(name)}meta`, 'concurrency', 5)),
    ],
  ])('takes a job only when its slot is free, when it %s', async (_why, prefetch, prepare) => {
    const queue = pool().queue();
    const ids = await fill(queue, 300);
    await prepare(queue);
    const seen: number[] = [];
    const { ran, consumer } = await startConsumer(queue, prefetch, async () => {
      if (ran.length % 30 === 0) seen.push(await mostInHand(queue));
    });
    consumer.start();
    await eventually('all have run, and been looked at', () => ran.length === ids.length && seen.length === 10);

    expect(seen).toEqual(Array.from({ length: 10 }, () => 1));
    expect(ran).toEqual(ids);
  });
});
