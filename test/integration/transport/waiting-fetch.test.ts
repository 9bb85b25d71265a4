import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { defineJob } from '../../../src/index.js';
import { connectRedis, type RedisClient } from '../../../src/redis/connection.js';
import type { DurationMs } from '../../../src/time/duration.js';
import { QueueConsumer } from '../../../src/transport/queue-consumer.js';
import { eventually } from '../../support/eventually.js';
import { startDoor } from '../worker-pool/door.js';
import { signal } from '../worker-pool/signal.js';
import { silent, usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();

function aJob() {
  return defineJob({ kind: 'do', queue: pool().queue(), payload: z.looseObject({}), run: () => undefined });
}

/** A consumer of its own whose jobs last until they are let go. */
async function startConsumer(queue: string, { user = '', url = pool().url, waiters = 1 } = {}) {
  const slots = 5;
  const goOn = signal();
  const taken: string[] = [];
  const redis = resolveRedisInput(user === '' ? url : url.replace('redis://', `redis://${user}:secret@`));
  const client = await connectRedis({ redis, name: queue, manner: 'patient', onError: () => undefined });
  const consumer = new QueueConsumer({
    client,
    keyspace: pool().keyspace,
    queue,
    worker: `w${Math.random()}`,
    isAlone: true,
    prefetch: true,
    connectionName: queue,
    slots,
    slotsAtFirst: slots,
    leaseMs: 15_000,
    leaseRenewMs: 5_000,
    fetchBlockMs: 10_000,
    keepCompleted: { count: 10 },
    keepAttempts: 1,
    keepKeysMs: 60_000 as DurationMs,
    execute: async ({ id }) => {
      taken.push(id);
      await goOn.promise;
      return { kind: 'completed', resultJson: 'null' };
    },
    givenBack: { kind: 'interrupted', reason: 'shutdown' },
    onSettled: () => undefined,
    onRenewed: () => undefined,
    onStuck: () => undefined,
    onError: () => undefined,
    log: silent,
  });
  onTestFinished(async () => {
    goOn.send();
    await consumer.stop();
    client.disconnect();
  });
  consumer.start();
  await untilWaiting(queue, waiters);
  return { consumer, taken, goOn };
}

async function waiting(queue: string): Promise<string[]> {
  const list = (await pool().client.client('LIST')) as string;
  return list.split('\n').filter((line) => line.includes(`name=${queue}:`) && / flags=b.* cmd=bzpopmin/.test(line));
}

function untilWaiting(queue: string, count = 1): Promise<unknown> {
  return eventually('it waits in Redis', async () => (await waiting(queue)).length === count);
}

const waitsOf = async (client: RedisClient): Promise<number> =>
  Number(/cmdstat_bzpopmin:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);

it('takes no more jobs than a limit allows that was lowered while it waited', async () => {
  const job = aJob();
  const queue = job.queue.name;
  const { consumer, taken } = await startConsumer(queue);
  const before = await waitsOf(pool().client);

  consumer.limitTo(1, 'concurrency');
  await eventually('it waits anew', async () => (await waitsOf(pool().client)) > before);
  await pool().producer().enqueueMany(job, [{}, {}, {}, {}]);

  await eventually('it runs as many as it may', () => taken.length === 1);
  expect(await pool().inspector.sample(queue)).toMatchObject({ active: 1, waiting: 3 });
});

it('leaves the bell to another when its last free slot may not be used any more', async () => {
  const job = aJob();
  const queue = job.queue.name;
  const { consumer, taken } = await startConsumer(queue);
  await pool().producer().enqueue(job, {});
  await eventually('one runs', () => taken.length === 1);
  await untilWaiting(queue);
  const { taken: ofOther } = await startConsumer(queue, { waiters: 2 });

  consumer.limitTo(1, 'concurrency');
  await untilWaiting(queue);
  const { id } = await pool().producer().enqueue(job, {});

  await eventually('the other runs it', () => ofOther.includes(id));
});

it('gives back the job of an answer that never came when it is quiet', async () => {
  const job = aJob();
  const queue = job.queue.name;
  const door = await startDoor(pool().server.port);
  const { consumer } = await startConsumer(queue, { url: door.url });
  door.passages.find(({ waits }) => waits)?.silence();
  await pool().producer().enqueue(job, {});
  await eventually('it is given away', async () => (await pool().inspector.sample(queue)).active === 1);

  consumer.quiet();
  await consumer.whenIdle();

  await eventually('it is back', async () => (await pool().inspector.sample(queue)).waiting === 1);
});

it('takes a job at once when Redis has forgotten the script meanwhile', async () => {
  const job = aJob();
  const { taken } = await startConsumer(job.queue.name);
  await pool().client.call('SCRIPT', 'FLUSH');

  const { id } = await pool().producer().enqueue(job, {});

  await eventually('it runs', () => taken.includes(id));
});

it('takes none when it is quiet, and its end waits for no job', async () => {
  const job = aJob();
  const queue = job.queue.name;
  const { consumer, taken } = await startConsumer(queue);

  consumer.quiet();
  await consumer.whenIdle();
  await pool().producer().enqueueMany(job, [{}, {}]);

  await eventually('nobody waits any more', async () => (await waiting(queue)).length === 0);
  expect(taken).toEqual([]);
  expect(await pool().inspector.sample(queue)).toMatchObject({ active: 0, waiting: 2 });
});

it('runs what came while it was told to be quiet', async () => {
  const job = aJob();
  const { consumer, taken, goOn } = await startConsumer(job.queue.name);
  const producer = pool().producer();
  await producer.enqueue(job, {});
  await eventually('one runs', () => taken.length === 1);

  const enqueuing = producer.enqueueMany(job, [{}, {}]);
  consumer.quiet();
  goOn.send();
  await consumer.whenIdle();

  await enqueuing;
  const { active, waiting: left } = await pool().inspector.sample(job.queue.name);
  expect([active, taken.length + left]).toEqual([0, 3]);
});

it('tells the others of a delayed job whose time it knows, when it takes no more', async () => {
  const job = aJob();
  const queue = job.queue.name;
  // Redis wakes who has waited longest.
  const { consumer: one } = await startConsumer(queue);
  const { taken: ofOther } = await startConsumer(queue, { waiters: 2 });
  const before = await waitsOf(pool().client);
  const enqueued = await pool().producer().enqueue(job, {}, { delay: 1_000 });
  await eventually('it waits until then', async () => (await waitsOf(pool().client)) > before);

  one.quiet();

  await eventually('the other runs it', () => ofOther.includes(enqueued.id), { timeoutMs: 4_000 });
});

it('takes no more where Redis does not let it end its wait', async () => {
  const { client } = pool();
  // A user of its own may do everything else.
  await client.call('ACL', 'SETUSER', 'plain', 'on', '>secret', '~*', '&*', '+@all', '-client|unblock', '-client|kill');
  const job = aJob();
  const queue = job.queue.name;
  const { consumer, taken } = await startConsumer(queue, { user: 'plain' });

  consumer.limitTo(1, 'concurrency');
  await untilWaiting(queue);
  await eventually('it takes one', async () => {
    if (taken.length === 0) await pool().producer().enqueue(job, {});
    return taken.length === 1;
  });
  consumer.quiet();

  await eventually('nobody waits any more', async () => (await waiting(queue)).length === 0);
  expect(taken).toHaveLength(1);
});

it.each([
  { tokens: ['one'], jobs: 1, wakes: '0' },
  { tokens: ['one', 'two'], jobs: 1, wakes: null },
  { tokens: ['one', 'two'], jobs: 2, wakes: '0' },
])('wakes another when there may be more than $jobs for $tokens', async ({ tokens, jobs, wakes }) => {
  const bench = new LeaseBench(pool());
  for (let count = 0; count < jobs; count++) await bench.add();
  await pool().client.del(bench.keys.marker);

  await bench.calls.take(tokens);

  expect(await pool().client.zscore(bench.keys.marker, '0')).toBe(wakes);
});
