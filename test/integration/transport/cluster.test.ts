import { Queue, Worker } from 'bullmq';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createBulwarkBackend } from '../../../src/index.js';
import { startCluster } from '../../support/cluster-redis.js';
import { eventually } from '../../support/eventually.js';
import type { TestRedis } from '../../support/redis-server.js';

let server: TestRedis;

beforeAll(async () => {
  server = await startCluster();
});
afterAll(() => server.stop());

function connect() {
  const connection = new Cluster([{ host: '127.0.0.1', port: server.port }], {
    redisOptions: { maxRetriesPerRequest: null },
  });
  onTestFinished(() => connection.disconnect());
  return connection;
}

describe('the batched backend in a Redis Cluster', () => {
  it.each([
    ['a hash tag in the prefix', '{shop}', 'orders'],
    ['a hash tag in the name of the queue', 'bull', '{orders}'],
  ])('runs jobs whose queue lies in one slot by %s', async (_how, prefix, name) => {
    const queue = new Queue(name, { connection: connect(), prefix }, createBulwarkBackend);
    onTestFinished(() => queue.close());
    const worker = new Worker(
      name,
      async (job) => {
        if (job.data.n === 3 && job.attemptsMade === 0) throw new Error('once');
        return job.data.n;
      },
      { connection: connect(), prefix, concurrency: 5, drainDelay: 1 },
      createBulwarkBackend,
    );
    onTestFinished(() => worker.close());

    await queue.addBulk(
      Array.from({ length: 50 }, (_, n) => ({
        name: 'charge',
        data: { n },
        opts: { attempts: 2, backoff: 10, delay: n % 3 },
      })),
    );

    await eventually('all have completed', async () => (await queue.getCompletedCount()) === 50);
    expect(await queue.getJobCounts('active', 'wait', 'delayed', 'failed')).toEqual({
      active: 0,
      wait: 0,
      delayed: 0,
      failed: 0,
    });
  });
});
