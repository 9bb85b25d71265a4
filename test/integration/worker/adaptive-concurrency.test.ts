import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { resolveSection } from '../../../src/config/resolve.js';
import { type AnyJobDefinition, defineJob, type WorkerOptions } from '../../../src/index.js';
import { KindRegistry } from '../../../src/job/registry.js';
import { FleetStore } from '../../../src/recovery/fleet-store.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { type Clock, systemClock } from '../../../src/time/clock.js';
import { Worker } from '../../../src/worker/worker.js';
import { eventually } from '../../support/eventually.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { recordLog, type TestPool, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
/** On a machine with much else to do; alone it takes two seconds. */
const patience = { timeoutMs: 30_000 };
const withinMs = 60_000;

/** Measures a hundred times as fast as the machine does, so that the longest window is over in a third of a second. */
const hurried: Clock = { now: () => systemClock.now(), elapsed: () => systemClock.elapsed() * 100 };

/** A worker whose limit can be watched. */
async function startWorker({ url }: TestPool, job: AnyJobDefinition, options: WorkerOptions) {
  const { log, said } = recordLog();
  const metrics = createMetrics({ role: 'worker', version: '0' });
  const worker = new Worker({
    redis: resolveRedisInput(url),
    worker: resolveSection('worker', { abortGraceMs: 50, ...options }),
    job: resolveSection('job', { keepCompletedCount: 1 }),
    registry: new KindRegistry([job]),
    log,
    metrics,
    clock: hurried,
  });
  onTestFinished(async () => {
    await worker.stop({ drainTimeoutMs: 0 });
  });
  await worker.start();
  const limit = () => metricValue(metrics, 'bulwark_worker_concurrency_limit', { queue: job.queue.name });
  return { worker, limit, said };
}

describe('a worker that finds how many jobs it runs at once', () => {
  it(
    'runs fewer where more of them only get in each other’s way, and more again when they do not',
    async () => {
      let [calls, knee, most] = [0, 3, 0];
      const job = defineJob({
        kind: 'call',
        queue: pool().queue(),
        payload: z.object({}),
        run: async () => {
          calls += 1;
          most = Math.max(most, calls);
          await sleep(8 * Math.max(1, calls / knee) ** 3);
          calls -= 1;
        },
      });
      const producer = pool().producer();
      await producer.enqueueMany(
        job,
        Array.from({ length: 20_000 }, () => ({})),
      );
      const options = { concurrency: 8, maxConcurrency: 16, beatMs: 100 };
      const { worker, limit, said } = await startWorker(pool(), job, options);

      await eventually('it runs fewer', async () => (await limit()) <= 6, patience);
      const fleet = new FleetStore(pool().client, pool().keyspace);
      const told = await eventually('it says so with its beat', async () => {
        const [beat] = await fleet.beatsOf([worker.id]);
        return beat?.queues.find(({ usable = 8 }) => usable < 8);
      });
      knee = 1_000;
      await eventually('it runs more', async () => (await limit()) >= 8, patience);

      expect(told).toMatchObject({ slots: 8 });
      expect(most).toBeLessThanOrEqual(16);
      expect(said('concurrency.changed')[0]).toMatchObject({ queue: job.queue.name, from: 8 });
      expect(said('executor.failed')).toEqual([]);
    },
    withinMs,
  );

  it(
    'runs fewer when they hold up the event loop',
    async () => {
      let runs = 0;
      const job = defineJob({
        kind: 'compute',
        queue: pool().queue(),
        payload: z.object({}),
        run: async () => {
          runs += 1;
          const until = performance.now() + (runs % 8 === 0 ? 200 : 0);
          while (performance.now() < until);
          await turn();
        },
      });
      const producer = pool().producer();
      await producer.enqueueMany(
        job,
        Array.from({ length: 2_000 }, () => ({})),
      );
      // Each beat is longer than a handler holds up the loop, so that every beat tells of it.
      const options = { concurrency: 16, maxConcurrency: 16, beatMs: 300 };
      const { limit, said } = await startWorker(pool(), job, options);

      await eventually('it runs fewer', async () => (await limit()) < 16 && loopDelays(said).length > 0, patience);
    },
    withinMs,
  );

  it('keeps the number it was given without a highest one', async () => {
    const job = defineJob({ kind: 'nothing', queue: pool().queue(), payload: z.object({}), run: () => undefined });

    const { limit, worker } = await startWorker(pool(), job, { concurrency: 3 });
    const fleet = new FleetStore(pool().client, pool().keyspace);
    const [beat] = await fleet.beatsOf([worker.id]);

    expect(await limit()).toBe(0);
    expect(beat?.queues).toMatchObject([{ slots: 3 }]);
    expect(beat?.queues[0]).not.toHaveProperty('usable');
  });
});

function loopDelays(said: (event: string) => readonly object[]): readonly object[] {
  return said('concurrency.').filter((line) => 'reason' in line && line.reason === 'loop_delay');
}
