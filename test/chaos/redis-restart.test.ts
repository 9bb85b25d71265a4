import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { metricValue } from '../integration/worker-pool/metric-value.js';
import { startPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import { chaosJob } from './chaos-job.js';
import { ready, spawnWorker, told } from './pool-process.js';

/**
 * Broken: Redis is killed and comes back with its append-only file, twice. Holds: no job is lost, none runs twice, no worker is taken for
 * dead although all their connections were gone, and work goes on within three seconds.
 */
it('takes no worker for dead when Redis crashes and comes back', { timeout: 40_000 }, async ({ annotate }) => {
  const pool = await startPool({ appendOnly: true });
  const metrics = createMetrics({ role: 'supervisor', version: 'test' });
  await pool.supervisor({ metrics });
  const workers = Array.from({ length: 3 }, () => spawnWorker(pool.url, { concurrency: 2 }));
  await Promise.all(workers.map(ready));
  const jobs = await pool.producer().enqueueMany(
    chaosJob,
    Array.from({ length: 80 }, () => ({ ms: 300 })),
  );
  const started = () => workers.flatMap((worker) => told(worker, 'started'));

  for (let crash = 1; crash <= 2; crash++) {
    const before = started().length;
    await eventually('they work', () => started().length >= before + 6);
    await pool.server.kill();
    await sleep(1_000);
    const idle = started().length;
    await pool.server.restart();
    const backAt = performance.now();
    await eventually('work goes on', () => started().length > idle, { timeoutMs: 3_000 });
    await annotate(`work went on ${Math.round(performance.now() - backAt)} ms after Redis was back`);
  }
  await eventually(
    'every job has ended',
    async () => (await pool.inspector.sample('chaos')).completed === jobs.length,
    { timeoutMs: 15_000 },
  );

  const ids = jobs.map(({ id }) => id);
  expect(started().toSorted()).toEqual(ids.toSorted());
  const base = pool.keyspace.queueBase('chaos');
  expect(await Promise.all(ids.map((id) => pool.client.hget(`${base}${id}`, 'bwc')))).toEqual(ids.map(() => null));
  expect(await metricValue(metrics, 'bulwark_workers_vanished_total', { verdict: 'dead' })).toBe(0);
  expect(await metricValue(metrics, 'bulwark_worker_deaths_total')).toBe(0);
});
