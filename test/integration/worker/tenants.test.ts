import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, type QueueOptions } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { plainBullmq } from '../interop/bullmq.js';
import { signal } from '../worker-pool/signal.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** A kind whose tenants have turns, and whose it was that ran, in this order. */
function sharedJob(tenants: QueueOptions['tenants'] = {}, run: (tenant: string) => Promise<unknown> = async () => 0) {
  const ran: string[] = [];
  const job = defineJob({
    kind: 'serve',
    queue: pool().queue({ tenants: { ...tenants } }),
    payload: z.object({}),
    retry: { attempts: 2, base: 1, cap: 1 },
    run: async (_payload, { tenant = '' }) => {
      ran.push(tenant);
      await run(tenant);
    },
  });
  return { job, ran };
}

const many = (count: number) => Array.from({ length: count }, () => ({}));
const alone = { worker: { concurrency: 1 } };

describe('a queue whose tenants have turns', () => {
  it('lets a job start next to the flood of another tenant', async () => {
    const { job, ran } = sharedJob();
    const producer = pool().producer();
    await producer.enqueueMany(job, many(50), { tenant: 'flood' });
    await producer.enqueueMany(job, many(3), { tenant: 'acme' });
    await producer.enqueueMany(job, many(3));

    await pool().worker([job], alone);

    await eventually('all have run', () => ran.length === 56);
    expect(ran.slice(0, 12).filter((tenant) => tenant === 'acme')).toHaveLength(3);
    expect(ran.slice(0, 12).filter((tenant) => tenant === '')).toHaveLength(3);
  });

  it('has plain BullMQ serve in the same order', async () => {
    const { job } = sharedJob({ weights: { acme: 2 } });
    const producer = pool().producer();
    await producer.enqueueMany(job, many(20), { tenant: 'flood' });
    await producer.enqueueMany(job, many(4), { tenant: 'acme' });
    const served: unknown[] = [];

    plainBullmq(pool(), job.queue.name).worker(async ({ opts }) => served.push(Object(opts).bw.tenant));

    await eventually('all have run', () => served.length === 24);
    // The first five of the flood were in line before it was one.
    expect(served.slice(0, 9).filter((tenant) => tenant === 'acme')).toHaveLength(4);
  });

  it('does every job of a flood of which each fails once, and lets others in between', async () => {
    const failed = new Set<string>();
    const { job, ran } = sharedJob({}, async (tenant) => {
      if (tenant === 'acme' || failed.size >= 20) return;
      failed.add(String(ran.length));
      throw new Error('not now');
    });
    const producer = pool().producer();
    await producer.enqueueMany(job, many(20), { tenant: 'flood' });
    await producer.enqueue(job, {}, { tenant: 'acme' });

    await pool().worker([job], alone);

    await eventually('all have run', () => ran.length === 41);
    // Behind the five of the flood that were in line before it was one.
    expect(ran.indexOf('acme')).toBe(5);
  });

  it('refuses a priority, which would go round the turns', async () => {
    const { job } = sharedJob();

    await expect(pool().producer().enqueue(job, {}, { priority: 2 })).rejects.toThrow(
      /priority must be 0 in the queue q\d+, whose tenants have turns, got 2/,
    );
  });

  it('runs as many jobs of one tenant as it may in all workers together, and all of them in the end', async () => {
    const gate = signal<void>();
    const { job, ran } = sharedJob({ maxSlots: 2 }, () => gate.promise);
    const producer = pool().producer();
    await producer.enqueueMany(job, many(12), { tenant: 'flood' });
    await producer.enqueueMany(job, many(2), { tenant: 'acme' });

    const options = { worker: { concurrency: 5 } };
    await Promise.all([pool().worker([job], options), pool().worker([job], options)]);
    await eventually('the rest of the flood is set aside', async () => {
      const { delayed, active } = await pool().inspector.sample(job.queue.name);
      return delayed === 10 && active === 4;
    });
    gate.send();

    await eventually('all have run', () => ran.length === 14);
    await eventually('nobody waits', async () => {
      const { delayed, active, completed } = await pool().inspector.sample(job.queue.name);
      return delayed === 0 && active === 0 && completed === 14;
    });
  });
});
