import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { resolveSection } from '../../../src/config/resolve.js';
import { type AnyJobDefinition, defineJob, type JobContext, type QueueDefinition } from '../../../src/index.js';
import { KindRegistry } from '../../../src/job/registry.js';
import { CrashStore } from '../../../src/recovery/crash-store.js';
import { FleetStore } from '../../../src/recovery/fleet-store.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { EpochMs } from '../../../src/time/duration.js';
import type { RunAlone } from '../../../src/worker/lane.js';
import type { Retirement } from '../../../src/worker/retirement.js';
import { Worker } from '../../../src/worker/worker.js';
import type { WorkerParts } from '../../../src/worker/worker-parts.js';
import { eventually } from '../../support/eventually.js';
import { orphan } from '../../support/orphan.js';
import { LeaseBench } from '../transport/lease-bench.js';
import { type Signal, signal, untilAborted } from '../worker-pool/signal.js';
import { silent, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const fleet = () => new FleetStore(pool().client, pool().keyspace);

/** A worker that beats often, and what it retired for. */
async function startWorker(jobs: readonly AnyJobDefinition[], parts: Partial<WorkerParts> = {}) {
  const retired: Retirement[] = [];
  const worker = new Worker({
    redis: resolveRedisInput(pool().url),
    worker: resolveSection('worker', { beatMs: 50, abortGraceMs: 50, concurrency: 2 }),
    job: resolveSection('job', {}),
    registry: new KindRegistry(jobs),
    log: silent,
    metrics: createMetrics({ role: 'worker', version: '0' }),
    onRetire: (retirement) => retired.push(retirement),
    ...parts,
  });
  onTestFinished(async () => {
    await worker.stop({ drainTimeoutMs: 0 });
  });
  await worker.start();
  return { worker, retired };
}

/** A kind whose runs tell of themselves and end when the test says so. */
function heldJob(queue: QueueDefinition = pool().queue()) {
  const runs: { id: string; ctx: JobContext; end: Signal }[] = [];
  const job = defineJob({
    kind: 'do',
    queue,
    payload: z.looseObject({}),
    run: async (_payload, ctx) => {
      const end = signal();
      runs.push({ id: ctx.jobId, ctx, end });
      await Promise.race([end.promise, untilAborted(ctx.signal).then(() => Promise.reject(ctx.signal.reason))]);
    },
  });
  const run = (index: number) => eventually(`run ${index}`, () => runs[index]);
  return { job, runs, run };
}

describe('a worker that is ordered', () => {
  it('to be quiet takes no more jobs, goes on with what runs, and says so with its beat', async () => {
    const { job, runs, run } = heldJob();
    const { worker, retired } = await startWorker([job]);
    const producer = pool().producer();
    const first = await producer.enqueue(job, {});
    const { end } = await run(0);

    await fleet().order(worker.id, { kind: 'quiet' });
    await eventually('it is quiet', async () => (await fleet().beatOf(worker.id))?.state === 'quiet');
    await producer.enqueue(job, {});
    end.send();
    await producer.wait(first);

    expect(runs).toHaveLength(1);
    expect(retired).toEqual([]);
    expect(await pool().inspector.sample(job.queue.name)).toMatchObject({ waiting: 1, active: 0 });
  });

  it.each([
    ['drain', 'drain'],
    ['restart', 'replace'],
  ] as const)('to %s asks whoever runs it to %s it', async (kind, retirement) => {
    const { worker, retired } = await startWorker([heldJob().job]);

    await fleet().order(worker.id, { kind });

    await eventually('it retires', () => retired.length > 0);
    expect(retired).toEqual([{ kind: retirement, reason: 'an operator asked for it' }]);
    expect(worker.state).toBe('running');
  });

  it('to drain stops by itself where nobody runs it', async () => {
    const worker = await pool().worker([heldJob().job], { worker: { beatMs: 50 } });

    await fleet().order(worker.id, { kind: 'drain' });

    await eventually('it has said farewell', async () => (await fleet().beatOf(worker.id)) === undefined);
    expect(worker.state).toBe('draining');
  });

  it('to call off a job aborts its signal, and the job is dead-lettered', async () => {
    const { job, run } = heldJob();
    const { worker } = await startWorker([job]);
    const producer = pool().producer();
    const [{ id }, other] = [await producer.enqueue(job, {}), await producer.enqueue(job, {})];
    const runs = [await run(0), await run(1)];

    await fleet().order(worker.id, { kind: 'cancel', queue: job.queue.name, jobId: id, why: 'wrong address' });

    const letter = await eventually('it is dead-lettered', () => pool().deadLetters(job.queue).get(id));
    expect(letter).toMatchObject({ reason: 'cancelled', error: { message: `job ${id}: wrong address` } });
    expect(runs.find((each) => each.id === other.id)?.ctx.signal.aborted).toBe(false);
  });

  it.each(['another queue', 'a job that it does not run'])('to call off %s does nothing', async (what) => {
    const { job, run } = heldJob();
    const { worker } = await startWorker([job]);
    const { id } = await pool().producer().enqueue(job, {});
    const { ctx, end } = await run(0);
    const [queue, jobId] = what === 'another queue' ? ['elsewhere', id] : [job.queue.name, 'unknown'];

    await fleet().order(worker.id, { kind: 'cancel', queue, jobId, why: 'x' });
    // What it was told after that it has followed, so it has heard of it.
    await fleet().order(worker.id, { kind: 'quiet' });
    await eventually('it has heard', () => worker.state === 'quiet');

    expect(ctx.signal.aborted).toBe(false);
    end.send();
  });

  it('to run a suspect alone does so where it has a lane, and its beat shows when that is taken', async () => {
    const end = signal();
    const asked: unknown[] = [];
    const runAlone: RunAlone = async ({ queue, jobId }, as) => {
      asked.push({ queue, jobId, as });
      await end.promise;
      return { exitCode: null, signal: 'SIGSEGV', endedAt: 1 as EpochMs, lines: [] };
    };
    const { worker } = await startWorker([heldJob().job], { runAlone });
    const laneIs = (state: string) =>
      eventually(`its lane is ${state}`, async () => (await fleet().beatOf(worker.id))?.lane === state);
    await laneIs('free');

    await fleet().order(worker.id, { kind: 'isolate', queue: 'q', jobId: '42' });
    await laneIs('busy');
    end.send();
    await laneIs('free');

    expect(asked).toEqual([{ queue: 'q', jobId: '42', as: `${worker.id}-alone-1` }]);
    const record = await new CrashStore(pool().client, pool().keyspace).read(`${worker.id}-alone-1`);
    expect(record).toMatchObject({ signal: 'SIGSEGV' });
  });

  it('to run a suspect alone does nothing without a lane, and its beat names none', async () => {
    const { worker } = await startWorker([heldJob().job]);

    await fleet().order(worker.id, { kind: 'isolate', queue: 'q', jobId: '42' });
    await fleet().order(worker.id, { kind: 'quiet' });
    await eventually('it has heard', () => worker.state === 'quiet');

    expect((await fleet().beatOf(worker.id))?.lane).toBeUndefined();
  });
});

describe('a worker that is there for one suspect', () => {
  /** A suspect among other jobs of its queue. */
  async function startSuspect() {
    const held = heldJob();
    const queue = held.job.queue.name;
    const { id } = await pool().producer().enqueue(held.job, {});
    const token = 'bw/dead/0';
    await new LeaseBench(pool(), queue).calls.take([token]);
    await pool().admin.quarantine(orphan(queue, id, token), { delayMs: 600_000, spacingMs: 5_000 });
    const [other] = await pool().producer().enqueueMany(held.job, [{}]);
    return { ...held, queue, id, other };
  }

  it('runs that job and no other, says so with its beat, and retires', async () => {
    const { job, queue, id, runs, run } = await startSuspect();
    const { worker, retired } = await startWorker([job], { suspect: { queue, jobId: id }, id: 'w1-alone-1' });
    const { end } = await run(0);

    const beat = await eventually('its beat', async () => {
      const known = await fleet().beatOf('w1-alone-1');
      return known?.running.length === 1 ? known : undefined;
    });
    expect(beat).toMatchObject({ suspect: { queue, jobId: id }, state: 'quiet', running: [{ id }] });
    expect(retired).toEqual([]);
    end.send();
    await eventually('it retires', () => retired.length > 0);

    expect(worker.id).toBe('w1-alone-1');
    expect(runs.map((each) => each.id)).toEqual([id]);
    expect(retired).toEqual([{ kind: 'drain', reason: 'the job it was there for has ended' }]);
    expect(await pool().inspector.sample(queue)).toMatchObject({ waiting: 1, completed: 1, delayed: 0 });
  });

  it('keeps the lease of its job for as long as it runs', async () => {
    const { job, queue, id, run } = await startSuspect();
    const worker = resolveSection('worker', { beatMs: 50, leaseMs: 1_000, leaseRenewMs: 200 });
    await startWorker([job], { suspect: { queue, jobId: id }, worker });
    const { end } = await run(0);
    const lock = pool().keyspace.queue(queue, `${id}:lock`);

    await pool().client.pexpire(lock, 500);

    await eventually('it was renewed', async () => (await pool().client.pttl(lock)) > 700);
    end.send();
  });

  it('calls it off when it is ordered to', async () => {
    const { job, queue, id, run } = await startSuspect();
    const { worker, retired } = await startWorker([job], { suspect: { queue, jobId: id } });
    await run(0);

    await fleet().order(worker.id, { kind: 'cancel', queue, jobId: id, why: 'enough' });

    await eventually('it retires', () => retired.length > 0);
    expect(await pool().deadLetters(job.queue).get(id)).toMatchObject({ reason: 'cancelled', crashes: 1 });
  });

  it.each(['is not set aside any more', 'is in a queue it does not know'])('retires when the job %s', async (what) => {
    const { job, queue, runs } = await startSuspect();
    const suspect =
      what === 'is not set aside any more' ? { queue, jobId: 'gone' } : { queue: 'unknown', jobId: 'gone' };

    const { retired } = await startWorker([job], { suspect });

    await eventually('it retires', () => retired.length > 0);
    expect(retired).toEqual([{ kind: 'drain', reason: 'the job it was there for is not there' }]);
    expect(runs).toEqual([]);
  });
});

describe('a worker that starts', () => {
  it('is known to the fleet before it takes its first job', async () => {
    const known: (string | undefined)[] = [];
    const job = defineJob({
      kind: 'do',
      queue: pool().queue(),
      payload: z.looseObject({}),
      run: async () => {
        for (const { id } of await fleet().read()) known.push(id);
      },
    });
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, {});

    const { worker } = await startWorker([job]);
    await producer.wait(enqueued);

    expect(known).toContain(worker.id);
  });

  it('shows with its beat how far its jobs are', async () => {
    const goOn = signal();
    const job = defineJob({
      kind: 'do',
      queue: pool().queue(),
      payload: z.looseObject({}),
      run: async (_payload, ctx) => {
        await ctx.progress({ page: 3, of: 'x'.repeat(1_000) });
        await goOn.promise;
      },
    });
    const { worker } = await startWorker([job]);
    await pool().producer().enqueue(job, {});

    const progress = await eventually(
      'its progress',
      async () => (await fleet().beatOf(worker.id))?.running[0]?.progress,
    );

    expect(progress).toMatch(/^\{"page":3,"of":"x+$/);
    expect(progress).toHaveLength(200);
    goOn.send();
  });
});
