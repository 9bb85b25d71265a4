import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { resolveSection } from '../../../src/config/resolve.js';
import { defineJob } from '../../../src/index.js';
import { KindRegistry } from '../../../src/job/registry.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { Worker } from '../../../src/worker/worker.js';
import { eventually } from '../../support/eventually.js';
import { orphan } from '../../support/orphan.js';
import { LeaseBench } from '../transport/lease-bench.js';
import { signal } from '../worker-pool/signal.js';
import { silent, usePool } from '../worker-pool/test-pool.js';
import { plainBullmq } from './bullmq.js';

const pool = usePool();

const jobOf = (kind: string, run: (id: string) => unknown) =>
  defineJob({ kind, queue: pool().queue(), payload: z.looseObject({}), run: (_payload, ctx) => run(ctx.jobId) });

/** Lets the first job of a queue lose its worker so often that it is set aside. Answers its id. */
async function makeSuspect(queue: string): Promise<string> {
  const bench = new LeaseBench(pool(), queue);
  const job = await eventually('a job to take', async () => (await bench.calls.take(['bw/dead/1'])).jobs[0]);
  expect(
    await pool().admin.quarantine(orphan(queue, job.id, 'bw/dead/1'), { delayMs: 600_000, spacingMs: 5_000 }),
  ).toBe('done');
  return job.id;
}

/** Runs a suspect as the process would that is there for it, to the end of both. */
async function runAlone(job: ReturnType<typeof jobOf>, jobId: string): Promise<void> {
  const retired = signal();
  const worker = new Worker({
    redis: resolveRedisInput(pool().url),
    worker: resolveSection('worker', {}),
    job: resolveSection('job', {}),
    registry: new KindRegistry([job]),
    log: silent,
    metrics: createMetrics({ role: 'worker', version: '0' }),
    suspect: { queue: job.queue.name, jobId },
    onRetire: () => retired.send(),
  });
  await worker.start();
  await retired.promise;
  await worker.stop();
}

describe('a suspect that is the child of a flow', () => {
  it('runs alone, and its parent runs after it', async () => {
    const child = jobOf('child', () => 'from the child');
    const parent = jobOf('parent', () => 'done');
    const prefixOf = (job: typeof child) => pool().keyspace.prefix(job.queue.name);
    const { job } = await plainBullmq(pool(), parent.queue.name)
      .flow()
      .add({
        name: 'parent',
        queueName: parent.queue.name,
        prefix: prefixOf(parent),
        data: {},
        children: [{ name: 'child', queueName: child.queue.name, prefix: prefixOf(child), data: {} }],
      });
    const id = await makeSuspect(child.queue.name);

    await runAlone(child, id);
    await pool().worker([parent]);

    await eventually('the parent is done', async () => {
      const [outcome] = await pool().inspector.outcomes(parent.queue.name, [job.id ?? '']);
      return outcome?.state === 'completed';
    });
    expect(await pool().inspector.sample(child.queue.name)).toMatchObject({ completed: 1, delayed: 0, active: 0 });
  });
});

describe('a suspect that is the run of a job scheduler', () => {
  it('runs alone, once, and the schedule goes on', async () => {
    const ran: string[] = [];
    const job = jobOf('scheduled', (id) => ran.push(id));
    const queue = plainBullmq(pool(), job.queue.name).queue();
    await queue.upsertJobScheduler('often', { every: 200 }, { name: 'scheduled', data: {} });
    const id = await makeSuspect(job.queue.name);

    await runAlone(job, id);
    expect(ran).toEqual([id]);
    await pool().worker([job]);

    await eventually('it has run some more', () => ran.length >= 4);
    expect(new Set(ran).size).toBe(ran.length);
    expect(await queue.getJobSchedulersCount()).toBe(1);
    await queue.removeJobScheduler('often');
  });
});

describe('a suspect beside plain BullMQ', () => {
  it('comes back to a plain worker when it is due', async () => {
    const job = jobOf('plain', () => undefined);
    await pool().producer().enqueue(job, {});
    const bench = new LeaseBench(pool(), job.queue.name);
    const [taken] = (await bench.calls.take(['bw/dead/1'])).jobs;
    await pool().admin.quarantine(orphan(job.queue.name, taken?.id ?? '', 'bw/dead/1'), {
      delayMs: 100,
      spacingMs: 5_000,
    });
    const seen = signal<string | undefined>();

    plainBullmq(pool(), job.queue.name).worker(async ({ id }) => seen.send(id));

    expect(await seen.promise).toBe(taken?.id);
  });

  it('that is promoted by hand is taken by whoever comes first, and by nobody twice', async () => {
    const job = jobOf('plain', () => undefined);
    await pool().producer().enqueue(job, {});
    const id = await makeSuspect(job.queue.name);
    const promoted = await plainBullmq(pool(), job.queue.name).queue().getJob(id);

    await promoted?.promote();
    await runAlone(job, id);

    expect(await pool().inspector.sample(job.queue.name)).toMatchObject({ waiting: 1, active: 0, delayed: 0 });
    expect(await pool().inspector.suspects(job.queue.name, 10)).toEqual([]);
  });
});
