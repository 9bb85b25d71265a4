import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineJob, PermanentError, RedisMisconfiguredError } from '../../../src/index.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { plainBullmq } from '../interop/bullmq.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { signal } from '../worker-pool/signal.js';
import { recordLog, startPool } from '../worker-pool/test-pool.js';

const anything = z.looseObject({});

describe('when the memory of Redis is full', () => {
  it('running jobs keep their leases and end, nobody is taken for dead, and the rest goes on when there is room', async () => {
    const pool = await startPool();
    const goOn = signal();
    const runs: string[] = [];
    const job = defineJob({
      kind: 'do',
      queue: pool.queue(),
      payload: anything,
      retry: { attempts: 3, base: 1, cap: 1 },
      run: async ({ held, fails, dies }, ctx) => {
        runs.push(ctx.jobId);
        if (held) await goOn.promise;
        if (fails && ctx.attempt === 1) throw new Error('again');
        if (dies) throw new PermanentError('no');
        return 'done';
      },
    });
    const producer = pool.producer();
    const jobs = await producer.enqueueMany(job, [
      { held: true },
      { held: true, fails: true },
      { held: true, dies: true },
      {},
      {},
    ]);
    const workerMetrics = createMetrics({ role: 'worker', version: '0' });
    const worker = await pool.worker([job], {
      metrics: workerMetrics,
      worker: { concurrency: 3, leaseMs: 300, leaseRenewMs: 60, beatMs: 60 },
    });
    const { log, said } = recordLog();
    const metrics = createMetrics({ role: 'supervisor', version: '0' });
    await pool.supervisor({ log, metrics, supervisor: { deadAfterMs: 300, sweepMs: 50, sampleMs: 50 } });
    await eventually('three run', () => worker.busy === 3);
    await eventually('the supervisor knows the worker', async () =>
      metricValue(metrics, 'bulwark_workers', { state: 'alive' }),
    );

    await pool.client.config('SET', 'maxmemory', '1');
    const renewed = () => metricValue(workerMetrics, 'bulwark_lease_renewals_total', { result: 'renewed' });
    const renewedBefore = await renewed();
    // Ten renewals are longer than a lease, and longer than a silent worker is waited for.
    await eventually('the leases were renewed ten times', async () => (await renewed()) >= renewedBefore + 30);
    await expect(producer.enqueue(job, {})).rejects.toThrow('OOM');
    goOn.send();
    await eventually('the running ones have ended', () => worker.busy === 0);
    const { waiting, delayed, active, completed, dead_lettered: dead } = await pool.inspector.sample(job.queue.name);
    await pool.client.config('SET', 'maxmemory', '0');
    const backSince = performance.now();
    await eventually('all have ended', async () => {
      const { completed, dead_lettered } = await pool.inspector.sample(job.queue.name);
      return completed === 4 && dead_lettered === 1;
    });

    expect(performance.now() - backSince).toBeLessThan(2_000);
    expect(waiting + delayed + active + completed + dead).toBe(5);
    expect(dead).toBe(1);
    expect(said('job.recovered')).toEqual([]);
    expect(runs.toSorted()).toEqual([...jobs.map(({ id }) => id), jobs[1]?.id].toSorted());
  });

  it('a job scheduler goes on when there is room again', async () => {
    const pool = await startPool();
    let runs = 0;
    const job = defineJob({
      kind: 'do',
      queue: pool.queue(),
      payload: anything,
      run: async () => {
        runs += 1;
      },
    });
    const { log, said } = recordLog();
    const queue = plainBullmq(pool, job.queue.name).queue();
    await queue.upsertJobScheduler('often', { every: 100 }, { name: 'do' });
    await pool.worker([job], { log });
    await eventually('it has run', () => runs >= 2);
    await pool.client.config('SET', 'maxmemory', '1');

    await eventually('the next run could not be planned', () => said('schedule.failed').length > 0);
    await pool.client.config('SET', 'maxmemory', '0');

    await eventually('it goes on', () => runs >= 5);
  });
});

describe('a Redis that evicts', () => {
  it('is refused by everybody, with the fix', async () => {
    const pool = await startPool({ directives: { 'maxmemory-policy': 'allkeys-lru' } });
    const job = defineJob({ kind: 'do', queue: pool.queue(), payload: anything, run: () => undefined });

    for (const refused of [
      () => pool.idleWorker([job]).start(),
      () => pool.supervisor(),
      () => pool.producer().enqueue(job, {}),
    ]) {
      const error = await refused().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(RedisMisconfiguredError);
      expect(String(error)).toContain('allkeys-lru');
      expect(String(error)).toContain('CONFIG SET maxmemory-policy noeviction');
    }
    expect(await pool.client.keys('*')).toEqual([]);
  });

  it('is taken by those who say so', async () => {
    const pool = await startPool({ directives: { 'maxmemory-policy': 'allkeys-lru' } });
    const job = defineJob({ kind: 'do', queue: pool.queue(), payload: anything, run: () => 'done' });
    const redis = { url: pool.url, allowEviction: true };
    // BullMQ warns about it on the terminal.
    vi.spyOn(console, 'warn').mockReturnValue();
    await pool.worker([job], { redis });
    const producer = pool.producer({ redis });

    expect(await producer.wait(await producer.enqueue(job, {}))).toBe('done');
  });
});
