import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { resolveSection } from '../../../src/config/resolve.js';
import { defineJob } from '../../../src/index.js';
import { KindRegistry } from '../../../src/job/registry.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { systemClock } from '../../../src/time/clock.js';
import type { Retirement } from '../../../src/worker/retirement.js';
import { Worker } from '../../../src/worker/worker.js';
import { eventually } from '../../support/eventually.js';
import { signal } from '../worker-pool/signal.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** A worker that has lived for so long, with one slot, and a job whose handler hears nothing until the test ends. */
async function startDeaf(ageMs: number) {
  const end = signal();
  const job = defineJob({
    kind: 'do',
    queue: pool().queue(),
    payload: z.object({ hangs: z.boolean() }),
    timeout: '50ms',
    retry: { attempts: 1 },
    run: ({ hangs }) => (hangs ? end.promise : undefined),
  });
  let age = 0;
  const retired: Retirement[] = [];
  const { log, said } = recordLog();
  const worker = new Worker({
    redis: resolveRedisInput(pool().url),
    worker: resolveSection('worker', { abortGraceMs: 50, concurrency: 1 }),
    job: resolveSection('job', {}),
    registry: new KindRegistry([job]),
    log,
    metrics: createMetrics({ role: 'worker', version: '0' }),
    clock: { now: systemClock.now, elapsed: () => systemClock.elapsed() + age },
    onRetire: (retirement) => retired.push(retirement),
  });
  age = ageMs;
  onTestFinished(async () => {
    end.send();
    await worker.stop({ drainTimeoutMs: 0 });
  });
  await worker.start();
  return { job, worker, retired, said, producer: pool().producer() };
}

it('asks for another process when a handler hears nothing, and goes on with other jobs until then', async () => {
  const { job, retired, said, producer } = await startDeaf(60_000);

  const { id } = await producer.enqueue(job, { hangs: true });
  await eventually('it retires', () => retired.length > 0);

  expect(retired).toEqual([
    {
      kind: 'replace',
      reason: expect.stringMatching(`the handler of job ${id} \\(do\\) did not react to its signal: .*50`),
    },
  ]);
  expect(said('worker.hung')).toMatchObject([{ jobId: id, kind: 'do', hung: 1 }]);
  expect(await pool().deadLetters(job.queue).get(id)).toMatchObject({ reason: 'attempts_exhausted' });
  await producer.wait(await producer.enqueue(job, { hangs: false }));
});

it('leaves a young process alone, or a pool whose calls all hang would do nothing but restart', async () => {
  const { job, retired, said, producer } = await startDeaf(0);

  await producer.enqueue(job, { hangs: true });
  // The slot is free again, so the handler was given up on.
  await producer.wait(await producer.enqueue(job, { hangs: false }));

  expect(said('job.abandoned')).toHaveLength(1);
  expect(retired).toEqual([]);
});
