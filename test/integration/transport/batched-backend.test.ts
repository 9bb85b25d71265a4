import { Queue, Worker } from 'bullmq';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createBulwarkBackend } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
let queues = 0;

function queueOf(): Queue {
  queues += 1;
  const queue = new Queue(`batched${queues}`, { connection: pool().client }, createBulwarkBackend);
  onTestFinished(() => queue.close());
  return queue;
}

/** How often Redis has run a script since the last call. */
async function scriptCalls(): Promise<number> {
  const stats = await pool().client.info('commandstats');
  await pool().client.config('RESETSTAT');
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

describe("BullMQ's classes on the batched backend", () => {
  it('add jobs that fall together in a few calls', async () => {
    const queue = queueOf();
    await queue.waitUntilReady();
    await scriptCalls();

    await Promise.all(Array.from({ length: 400 }, (_, n) => queue.add('charge', { n })));

    expect(await queue.getWaitingCount()).toBe(400);
    expect(await scriptCalls()).toBeLessThanOrEqual(6);
  });

  it('take and end jobs that fall together in a few calls', async () => {
    const queue = queueOf();
    await queue.addBulk(Array.from({ length: 500 }, (_, n) => ({ name: 'charge', data: { n } })));
    await scriptCalls();

    const worker = new Worker(
      queue.name,
      async () => undefined,
      { connection: pool().client, concurrency: 50 },
      createBulwarkBackend,
    );
    onTestFinished(() => worker.close());

    await eventually('all have completed', async () => (await queue.getCompletedCount()) === 500);
    expect(await scriptCalls()).toBeLessThan(250);
  });

  it('add the others of a bulk when one cannot be written, and say which and why', async () => {
    const queue = queueOf();

    const added = queue.addBulk([
      { name: 'one', data: {} },
      { name: 'bad', data: {}, opts: { attempts: Number.NaN } },
      { name: 'two', data: {} },
    ]);

    await expect(added).rejects.toThrow('the job option attempts is NaN, expected a finite number');
    expect((await queue.getWaiting()).map(({ name }) => name).sort()).toEqual(['one', 'two']);
  });

  it('end a job that is not active any more without touching what is left of it', async () => {
    const queue = queueOf();
    await queue.add('charge', {});
    const worker = new Worker(queue.name, undefined, { connection: pool().client }, createBulwarkBackend);
    onTestFinished(() => worker.close());
    const job = await worker.getNextJob('token');
    await pool().client.lrem(queue.toKey('active'), 0, job?.id ?? '');
    const before = await pool().dump();

    const end = job?.moveToFailed(new Error('no'), 'token');

    await expect(end).rejects.toThrow(`Job ${job?.id} is not in the active state. moveToFinished`);
    expect(await pool().dump()).toEqual(before);
  });

  it('reject what Redis has no memory for, and go on when it has', async () => {
    const queue = queueOf();
    await queue.add('before', {});

    await pool().client.config('SET', 'maxmemory', '1');
    const refused = queue.add('refused', {});
    await expect(refused).rejects.toThrow(/OOM/);
    await pool().client.config('SET', 'maxmemory', '0');

    await expect(queue.add('after', {})).resolves.toMatchObject({ name: 'after' });
  });
});
