import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { defineJob } from '../../../src/index.js';
import { connectRedis } from '../../../src/redis/connection.js';
import type { DurationMs } from '../../../src/time/duration.js';
import { QueueConsumer } from '../../../src/transport/queue-consumer.js';
import { eventually } from '../../support/eventually.js';
import { silent, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

it('takes jobs again on a client that had given its connection up', { timeout: 20_000 }, async () => {
  const job = defineJob({ kind: 'do', queue: pool().queue(), payload: z.looseObject({}), run: () => undefined });
  const redis = resolveRedisInput(pool().url);
  const client = await connectRedis({ redis, name: 'consumer', manner: 'patient', onError: () => undefined });
  onTestFinished(() => client.disconnect());
  const taken: string[] = [];
  const actions: string[] = [];
  const consumer = new QueueConsumer({
    client,
    keyspace: pool().keyspace,
    queue: job.queue.name,
    worker: 'w1',
    isAlone: true,
    connectionName: 'consumer',
    slots: 1,
    slotsAtFirst: 1,
    prefetch: true,
    leaseMs: 15_000,
    leaseRenewMs: 5_000,
    fetchBlockMs: 1_000,
    keepCompleted: { count: 10 },
    keepAttempts: 1,
    keepKeysMs: 60_000 as DurationMs,
    execute: async ({ id }) => {
      taken.push(id);
      return { kind: 'completed', resultJson: 'null' };
    },
    givenBack: { kind: 'interrupted', reason: 'shutdown' },
    onSettled: () => undefined,
    onRenewed: () => undefined,
    onStuck: (action) => actions.push(action),
    onError: () => undefined,
    log: silent,
  });
  onTestFinished(() => consumer.stop());
  consumer.start();
  await eventually('it asks', () => consumer.lastFetchMs !== undefined);

  client.disconnect();
  const enqueued = await pool().producer().enqueue(job, {});

  await eventually('the job runs', () => taken.includes(enqueued.id), { timeoutMs: 15_000 });
  expect(actions).toEqual(['rebuild']);
});
