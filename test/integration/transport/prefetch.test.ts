import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { defineJob, type QueueDefinition } from '../../../src/index.js';
import type { Cancellation } from '../../../src/job/cancellation.js';
import type { Outcome } from '../../../src/job/outcome.js';
import { connectRedis } from '../../../src/redis/connection.js';
import type { DurationMs } from '../../../src/time/duration.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';
import { QueueConsumer } from '../../../src/transport/queue-consumer.js';
import { queueKeys } from '../../../src/transport/queue-keys.js';
import { eventually } from '../../support/eventually.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

const givenBack: Outcome = { kind: 'interrupted', reason: 'shutdown' };
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
  run: (job: FetchedJob, cancellation: Cancellation) => void | Promise<void>,
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
    isAlone: true,
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
    execute: async (job, cancellation) => {
      // As the executor does: whatever was called off does not run.
      if (cancellation.reason) return givenBack;
      running += 1;
      ran.push(running === 1 ? job.id : `${job.id} beside another`);
      await run(job, cancellation);
      running -= 1;
      return { kind: 'completed', resultJson: 'null' };
    },
    givenBack,
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

  it('calls off the job that waits for its slot, at once', { timeout: 20_000 }, async () => {
    const queue = pool().queue();
    const ids = await fill(queue, 1_000);
    let calledOff: string | undefined;
    const { ran, consumer } = await startConsumer(queue, true, async () => {
      if (ran.length % 30 !== 0 || calledOff !== undefined || (await mostInHand(queue)) < 2) return;
      const next = ids[ran.length] as string;
      if (!consumer.cancel(next, new Error('called off'))) return;
      calledOff = next;
      await eventually('it has ended', async () => (await active(queue)) === 1);
    });
    consumer.start();
    await eventually('all have run', () => ran.length === ids.length, { timeoutMs: 15_000 });

    // It comes back for having been given back here, and runs then.
    expect(new Set(ran)).toEqual(new Set(ids));
    expect(calledOff).toBeDefined();
  });

  it('gives back the job that waits when it stops, and knows then that none runs', { timeout: 20_000 }, async () => {
    const queue = pool().queue();
    const ids = await fill(queue, 1_000);
    let hasReleased = false;
    const { ran, consumer } = await startConsumer(queue, true, async () => {
      if (ran.length % 30 !== 0 || hasReleased || (await mostInHand(queue)) < 2) return;
      consumer.quiet();
      await consumer.release();
      hasReleased = true;
    });
    consumer.start();
    await eventually('it has given back', () => hasReleased, { timeoutMs: 15_000 });
    await consumer.whenIdle();

    const { completed, wait } = queueKeys(pool().keyspace, queue.name);
    const done = new Set(await pool().client.zrange(completed, '0', '-1'));
    const waiting = await pool().client.lrange(wait, 0, -1);
    expect(await active(queue)).toBe(0);
    expect(consumer.busy).toBe(0);
    expect(waiting.reverse()).toEqual(ids.filter((id) => !done.has(id)));
    expect(new Set(ran).size).toBe(ran.length);
  });

  it('does not wait for the bell in the place of others while its slot is taken', async () => {
    const queue = pool().queue();
    const ids = await fill(queue, 300);
    const heard: boolean[] = [];
    const { ran, consumer } = await startConsumer(queue, true, async () => {
      if (ran.length < ids.length) return;
      for (const until = performance.now() + 2 * lookMs; performance.now() < until; ) {
        const clients = String(await pool().client.call('CLIENT', 'LIST')).split('\n');
        heard.push(
          clients.some((client) => client.includes(`name=consumer:${queue.name} `) && / flags=b/.test(client)),
        );
      }
    });
    consumer.start();
    await eventually('it has the last job', () => heard.length > 0);
    await eventually('it waits for more', async () => consumer.busy === 0);

    expect(new Set(heard)).toEqual(new Set([false]));
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
