import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { decideFitness } from '../../../src/redis/fitness.js';
import { readRedisFacts } from '../../../src/redis/redis-facts.js';
import { startEmbeddedServer } from '../../../src/redis/server/embedded-server.js';
import { temporaryFolder } from '../../support/temp-folder.js';

it('runs BullMQ: jobs are added, processed, retried and give their results', async () => {
  const server = await startEmbeddedServer({ dataDir: temporaryFolder() });
  const clients = [1, 2, 3].map(() => new Redis(server.url, { maxRetriesPerRequest: null }));
  const [forQueue, forWorker, forEvents] = clients as [Redis, Redis, Redis];
  const queue = new Queue('first-look', { connection: forQueue });
  const events = new QueueEvents('first-look', { connection: forEvents });
  const worker = new Worker(
    'first-look',
    async (job) => {
      if (job.attemptsMade === 0) throw new Error('the first attempt fails');
      return job.data.number * 2;
    },
    { connection: forWorker },
  );
  onTestFinished(async () => {
    await Promise.all([worker.close(), queue.close(), events.close()]);
    for (const client of clients) client.disconnect();
    await server.stop();
  });
  await events.waitUntilReady();

  const jobs = await queue.addBulk(
    [1, 2, 3].map((number) => ({ name: 'double', data: { number }, opts: { attempts: 2 } })),
  );
  const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events, 8000)));

  expect(results).toEqual([2, 4, 6]);
  expect(await queue.getJobCounts('completed', 'failed')).toEqual({ completed: 3, failed: 0 });
});

it('answers what the pool asks a server at start', async () => {
  const server = await startEmbeddedServer({ dataDir: temporaryFolder() });
  const client = new Redis(server.url);
  onTestFinished(async () => {
    client.disconnect();
    await server.stop();
  });

  expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  expect(await client.client('LIST')).toContain('id=');
  const sha = String(await client.script('LOAD', "return redis.call('INCR', KEYS[1])"));
  expect(await client.evalsha(sha, 1, 'counter')).toBe(1);
  await expect(client.evalsha('0'.repeat(40), 0)).rejects.toThrow('NOSCRIPT');
});

it('is known as a stand-in, so that nobody is told to make it keep its jobs', async () => {
  const server = await startEmbeddedServer({ dataDir: temporaryFolder() });
  const client = new Redis(server.url);
  onTestFinished(async () => {
    client.disconnect();
    await server.stop();
  });

  const findings = decideFitness(await readRedisFacts(client));

  const persistence = findings.find(({ check }) => check === 'persistence');
  expect(persistence).toMatchObject({ level: 'warn', detail: expect.stringContaining('gone when the pool stops') });
  expect(persistence?.fix).not.toContain('appendonly');
});
