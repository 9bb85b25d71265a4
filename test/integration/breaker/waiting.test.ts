import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  BreakerOpenError,
  defineDependency,
  defineJob,
  type JobContext,
  type JobOptions,
  PermanentError,
  type QueueDefinition,
} from '../../../src/index.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { usePool } from '../worker-pool/test-pool.js';
import { FleetVerdicts } from './fleet-verdicts.js';

const pool = usePool();
const anything = z.looseObject({});
let names = 0;

/** A dependency that no other test knows. */
function aDependency(options: Partial<Parameters<typeof defineDependency>[0]> = {}) {
  names += 1;
  return defineDependency({ name: `smtp-${names}`, timeout: '1s', ...options });
}

function jobOf<R>(
  queue: QueueDefinition,
  options: Partial<JobOptions<typeof anything, R>> & Pick<JobOptions<typeof anything, R>, 'run'>,
) {
  return defineJob({ kind: 'send', queue, payload: anything, retry: { attempts: 3, base: 1, cap: 1 }, ...options });
}

/** The job once it is set aside. */
function parked(queue: QueueDefinition, id: string) {
  return eventually('the job is set aside', async () => {
    const job = await pool().inspector.job(queue.name, id);
    return job?.state === 'delayed' && job.parkedFor !== undefined ? job : undefined;
  });
}

describe('a job whose dependency is down', () => {
  it('is set aside without using up an attempt, for half a minute and more, with the reason', async () => {
    const smtp = aDependency();
    const queue = pool().queue();
    const ran: string[] = [];
    const job = jobOf(queue, { dependencies: [smtp], run: async (_payload, { jobId }) => ran.push(jobId) });
    const other = jobOf(queue, { kind: 'count', run: async () => 'counted' });
    const producer = pool().producer();
    await new FleetVerdicts(pool()).trip(smtp.name);
    await pool().worker([job, other]);

    const { id } = await producer.enqueue(job, {});

    const view = await parked(queue, id);
    expect(view).toMatchObject({ attemptsMade: 0, attempts: [], parkedFor: `breaker:${smtp.name}` });
    expect(view.trail).toMatchObject([{ what: 'parked', reason: `breaker:${smtp.name}` }]);
    const due = Number(await pool().client.zscore(pool().keyspace.parked(queue.name, `breaker:${smtp.name}`), id));
    const waitsMs = due - Number(view.startedAt);
    expect(waitsMs).toBeGreaterThanOrEqual(30_000);
    expect(waitsMs).toBeLessThanOrEqual(60_000);
    expect(ran).toEqual([]);
  });

  it('lets those of its queue that do not need it go on', async () => {
    const smtp = aDependency();
    const queue = pool().queue();
    const needs = jobOf(queue, { dependencies: [smtp], run: async () => 'sent' });
    const other = jobOf(queue, { kind: 'count', run: async () => 'counted' });
    const producer = pool().producer();
    await new FleetVerdicts(pool()).trip(smtp.name);
    const waiting = await producer.enqueueMany(
      needs,
      Array.from({ length: 20 }, () => ({})),
    );
    const others = await producer.enqueueMany(
      other,
      Array.from({ length: 20 }, () => ({})),
    );

    await pool().worker([needs, other], { worker: { concurrency: 2 } });

    expect(await Promise.all(others.map((each) => producer.wait(each)))).toEqual(others.map(() => 'counted'));
    for (const { id } of waiting) expect(await parked(queue, id)).toMatchObject({ attemptsMade: 0 });
  });

  it('waits no longer than it is worth doing', async () => {
    const smtp = aDependency();
    const queue = pool().queue();
    const job = jobOf(queue, { dependencies: [smtp], run: async () => 'sent' });
    const other = jobOf(queue, { kind: 'count', run: async () => 'counted' });
    await new FleetVerdicts(pool()).trip(smtp.name);
    await pool().worker([job, other]);
    const producer = pool().producer();

    const enqueued = await producer.enqueue(job, {}, { expiresIn: '1s' });

    await expect(producer.wait(enqueued, { timeout: '10s' })).rejects.toThrow('expired');
  });

  it('is set aside when its handler meets the open breaker itself, and no attempt is used up', async () => {
    const web = aDependency();
    const queue = pool().queue();
    const caught: unknown[] = [];
    const job = jobOf(queue, {
      run: async (_payload, ctx) => {
        try {
          await ctx.call(web, async () => 'fetched', { key: 'example.org' });
        } catch (error) {
          caught.push(error);
          throw new Error('no page', { cause: error });
        }
      },
    });
    await new FleetVerdicts(pool()).trip(`${web.name}/example.org`);
    await pool().worker([job]);
    const producer = pool().producer();
    // The gate of a key is made by the first call; what the fleet has decided of it is known by then.
    await eventually('the worker has heard of it', async () => {
      const { id } = await producer.enqueue(job, {});
      await eventually('the job has run', async () => (await pool().inspector.job(queue.name, id))?.startedAt);
      return caught.length > 0;
    });

    expect(caught[0]).toBeInstanceOf(BreakerOpenError);
    expect(caught[0]).toMatchObject({ breaker: `${web.name}/example.org`, code: 'BULWARK_BREAKER_OPEN' });
  });
});

describe('a fallback', () => {
  it('runs while a dependency is down, and the job says so', async () => {
    const smtp = aDependency();
    const queue = pool().queue();
    const job = jobOf<unknown>(queue, {
      dependencies: [smtp],
      run: async () => 'sent',
      fallback: async ({ to }, ctx: JobContext) => ({ queuedFor: to, attempt: ctx.attempt }),
    });
    const metrics = createMetrics({ role: 'worker', version: '1.2.3' });
    await new FleetVerdicts(pool()).trip(smtp.name);
    await pool().worker([job], { metrics });
    const producer = pool().producer();

    const enqueued = await producer.enqueue(job, { to: 'ann' });

    expect(await producer.outcome(enqueued)).toEqual({ result: { queuedFor: 'ann', attempt: 1 }, fallback: true });
    expect(await pool().inspector.job(queue.name, enqueued.id)).toMatchObject({
      state: 'completed',
      fallbackFor: smtp.name,
      trail: [{ what: 'fallback', breaker: smtp.name }],
    });
    expect(await metricValue(metrics, 'bulwark_job_fallbacks_total', { dependency: smtp.name })).toBe(1);
  });

  it('does not run while the dependency is well, and the job does not say so', async () => {
    const smtp = aDependency();
    const job = jobOf(pool().queue(), { dependencies: [smtp], run: async () => 'sent', fallback: async () => 'later' });
    await pool().worker([job]);
    const producer = pool().producer();

    expect(await producer.outcome(await producer.enqueue(job, {}))).toEqual({ result: 'sent', fallback: false });
  });

  it('fails the job when it says that there is no use', async () => {
    const smtp = aDependency();
    const queue = pool().queue();
    const job = jobOf(queue, {
      dependencies: [smtp],
      run: async () => 'sent',
      fallback: async () => {
        throw new PermanentError('no digest either');
      },
    });
    await new FleetVerdicts(pool()).trip(smtp.name);
    await pool().worker([job]);
    const producer = pool().producer();

    await expect(producer.wait(await producer.enqueue(job, {}))).rejects.toThrow('no digest either');
  });
});

describe('a queue of which every job needs a dependency that is down', () => {
  it('is not fetched from, by workers that start then either, and is again when the dependency is back', async () => {
    const smtp = aDependency();
    const queue = pool().queue();
    const job = jobOf(queue, { dependencies: [smtp], run: async () => 'sent' });
    const verdicts = new FleetVerdicts(pool());
    await verdicts.trip(smtp.name);
    const metrics = createMetrics({ role: 'worker', version: '1.2.3' });
    await pool().worker([job], { metrics });
    const producer = pool().producer();

    const enqueued = await producer.enqueueMany(
      job,
      Array.from({ length: 5 }, () => ({})),
    );

    await eventually('the worker has looked twice', async () => {
      const labels = { service: 'breaker-client', result: 'ok' };
      return (await metricValue(metrics, 'bulwark_service_runs_total', labels)) >= 3;
    });
    expect(await pool().inspector.sample(queue.name)).toMatchObject({ waiting: 5, active: 0, delayed: 0 });
    expect((await pool().inspector.job(queue.name, enqueued[0]?.id ?? ''))?.starts).toBe(0);

    await verdicts.store.release(smtp.name, { by: 'ann', why: 'it is back' });

    expect(await Promise.all(enqueued.map((each) => producer.wait(each)))).toEqual(enqueued.map(() => 'sent'));
  });
});
