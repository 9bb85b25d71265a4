import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, type JobContext, LeaseLostError } from '../../../src/index.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { type Signal, signal, untilAborted } from '../worker-pool/signal.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const short = { leaseMs: 300, leaseRenewMs: 60 } as const;

interface Run {
  readonly ctx: JobContext;
  readonly end: Signal<unknown>;
}

/** A worker whose handler ends when the test says so, each run on its own. */
async function startHeld(worker: object = {}) {
  const runs: Run[] = [];
  const job = defineJob({
    kind: 'do',
    queue: pool().queue(),
    payload: z.looseObject({}),
    run: (_payload, ctx) => {
      const end = signal<unknown>();
      runs.push({ ctx, end });
      return end.promise;
    },
  });
  const producer = pool().producer();
  const { log, said } = recordLog();
  const metrics = createMetrics({ role: 'worker', version: '0' });
  const started = await pool().worker([job], { log, metrics, worker: { ...short, abortGraceMs: 3_000, ...worker } });
  const enqueued = await producer.enqueue(job, {});
  const run = async (index: number): Promise<Run> => eventually(`run ${index + 1}`, () => runs[index]);
  await run(0);
  const lock = `${pool().keyspace.queue(job.queue.name, enqueued.id)}:lock`;
  return { job, runs, run, producer, enqueued, lock, said, metrics, worker: started };
}

const renewals = async (metrics: ReturnType<typeof createMetrics>, result: string): Promise<number> =>
  Number(
    new RegExp(`lease_renewals_total\\{[^}]*result="${result}"[^}]*\\} (\\d+)`).exec(await metrics.render())?.[1] ?? 0,
  );

describe('the lease of a running job', () => {
  it('is kept for as long as the handler runs', async () => {
    const { run, producer, enqueued, metrics } = await startHeld();
    const { ctx, end } = await run(0);

    // Six renewals are longer than the lease.
    await eventually('it was renewed six times', async () => (await renewals(metrics, 'renewed')) >= 6);
    end.send('done');

    expect(ctx.signal.aborted).toBe(false);
    expect(await producer.wait(enqueued)).toBe('done');
  });

  it('is taken back when it ran out and nobody has taken the job', async () => {
    const { run, runs, producer, enqueued, lock } = await startHeld();
    const { ctx, end } = await run(0);

    await pool().client.del(lock);
    await eventually('it holds the lease again', () => pool().client.get(lock));
    end.send('done');

    expect(ctx.signal.aborted).toBe(false);
    expect(await producer.wait(enqueued)).toBe('done');
    expect(runs).toHaveLength(1);
  });

  it('is taken back at the end too, so that finished work is not done again', async () => {
    const { run, runs, producer, enqueued, lock } = await startHeld({ leaseMs: '1m', leaseRenewMs: '20s' });
    const { end } = await run(0);

    await pool().client.del(lock);
    end.send('done');

    expect(await producer.wait(enqueued)).toBe('done');
    expect(runs).toHaveLength(1);
  });
});

describe('a lease that is lost', () => {
  it('aborts the handler, and whatever that returns is refused', async () => {
    const { run, job, enqueued, lock, said, metrics, worker } = await startHeld();
    const { ctx, end } = await run(0);

    await pool().client.set(lock, 'somebody else');
    await untilAborted(ctx.signal);
    end.send('too late');
    await eventually('the worker has let go', () => worker.busy === 0);

    expect(ctx.signal.reason).toBeInstanceOf(LeaseLostError);
    expect(await pool().client.get(lock)).toBe('somebody else');
    expect(await pool().inspector.job(job.queue.name, enqueued.id)).toMatchObject({
      state: 'active',
      result: undefined,
    });
    expect(said('job.lease_lost')).toHaveLength(1);
    expect(await renewals(metrics, 'lost')).toBeGreaterThan(0);
  });

  it.each<[string, (end: Signal<unknown>) => void]>([
    ['returns', (end) => end.send('too late')],
    ['throws', (end) => end.send(Promise.reject(new Error('too late')))],
  ])('refuses the answer of a handler that %s before anybody noticed', async (_what, answer) => {
    const { run, job, enqueued, lock, worker } = await startHeld({ leaseMs: '1m', leaseRenewMs: '20s' });
    const { end } = await run(0);
    await pool().client.set(lock, 'somebody else');
    const before = await pool().client.hgetall(pool().keyspace.queue(job.queue.name, enqueued.id));

    answer(end);
    await eventually('the worker has let go', () => worker.busy === 0);

    expect(await pool().client.hgetall(pool().keyspace.queue(job.queue.name, enqueued.id))).toEqual(before);
    expect(await pool().client.get(lock)).toBe('somebody else');
    expect(await pool().inspector.sample(job.queue.name)).toMatchObject({ active: 1, dead_lettered: 0, delayed: 0 });
  });

  it('leaves the new run alone when the same worker takes the job again', async () => {
    const { run, producer, enqueued, lock, worker, job, metrics } = await startHeld();
    const zombie = await run(0);
    const oldToken = await pool().client.get(lock);

    await pool().admin.recover(job.queue.name, enqueued.id, oldToken ?? '', 1);
    const second = await run(1);
    await untilAborted(zombie.ctx.signal);
    zombie.end.send('too late');
    await eventually('the zombie has let go', () => worker.busy === 1);
    const renewedSoFar = await renewals(metrics, 'renewed');
    await eventually(
      'the new run keeps its lease',
      async () => (await renewals(metrics, 'renewed')) >= renewedSoFar + 6,
    );

    expect(second.ctx.signal.aborted).toBe(false);
    expect(await pool().client.get(lock)).not.toBe(oldToken);
    second.end.send('second');
    expect(await producer.wait(enqueued)).toBe('second');
    await eventually('no slot is taken', () => worker.busy === 0);
  });

  it('aborts the old run, not the new one, when both are in the same worker', async () => {
    const { run, enqueued, lock, job, producer } = await startHeld();
    const zombie = await run(0);

    await pool().admin.recover(job.queue.name, enqueued.id, (await pool().client.get(lock)) ?? '', 1);
    const second = await run(1);
    await untilAborted(zombie.ctx.signal);

    expect(second.ctx.signal.aborted).toBe(false);
    second.end.send('second');
    expect(await producer.wait(enqueued)).toBe('second');
    zombie.end.send('too late');
  });
});
