import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  DrainTimeoutError,
  defineJob,
  type JobContext,
  type JobOptions,
  RedisUnavailableError,
} from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { type Signal, signal, untilAborted } from '../worker-pool/signal.js';
import { startPool, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const anything = z.looseObject({});

function jobOf<R>(run: JobOptions<typeof anything, R>['run'], queue = pool().queue()) {
  return defineJob({ kind: 'do', queue, payload: anything, run });
}

/** A handler that says when it has begun and then does what it is told. */
function handler<R>(then: (ctx: JobContext) => Promise<R>): {
  began: Signal<JobContext>;
  run: JobOptions<typeof anything, R>['run'];
} {
  const began = signal<JobContext>();
  return {
    began,
    run: (_payload, ctx) => {
      began.send(ctx);
      return then(ctx);
    },
  };
}

const never = () => new Promise<never>(() => undefined);

describe('stop', () => {
  it('waits for running jobs and takes no more', async () => {
    const goOn = signal();
    const { began, run } = handler(() => goOn.promise);
    const job = jobOf(run);
    const producer = pool().producer();
    const [first, second] = [await producer.enqueue(job, {}), await producer.enqueue(job, {})];
    const worker = await pool().worker([job], { worker: { concurrency: 1 } });
    await began.promise;

    const stopping = worker.stop({ drainTimeoutMs: 5_000 });
    goOn.send();

    expect(await stopping).toMatchObject({ released: 0 });
    expect(await pool().inspector.outcomes(job.queue.name, [first.id, second.id])).toMatchObject([
      { state: 'completed' },
      { state: 'pending' },
    ]);
  });

  it('does not wait for its deadline when nothing runs', async () => {
    const worker = await pool().worker([jobOf(() => undefined)]);

    const { durationMs } = await worker.stop({ drainTimeoutMs: 60_000 });

    expect(durationMs).toBeLessThan(1_000);
  });

  it.each<[string, (ctx: JobContext) => Promise<unknown>]>([
    [
      'reacts to its signal',
      async (ctx) => {
        await untilAborted(ctx.signal);
        throw ctx.signal.reason;
      },
    ],
    [
      'throws something of its own when it is aborted',
      async (ctx) => {
        await untilAborted(ctx.signal);
        throw new Error('socket closed');
      },
    ],
    ['ignores its signal', never],
  ])('gives back a job that %s; it runs again elsewhere, first in line, with all its attempts', async (_what, then) => {
    const queue = pool().queue();
    const { began, run } = handler(then);
    const job = jobOf(run, queue);
    const producer = pool().producer();
    const interrupted = await producer.enqueue(job, {});
    const worker = await pool().worker([job], { worker: { concurrency: 1 } });
    const ctx = await began.promise;
    const behind = await producer.enqueue(job, {});

    const report = await worker.stop({ drainTimeoutMs: 20 });

    expect(report.released).toBe(1);
    expect(ctx.signal.reason).toBeInstanceOf(DrainTimeoutError);
    expect(await pool().inspector.job(queue.name, interrupted.id)).toMatchObject({
      state: 'waiting',
      attemptsMade: 0,
      crashes: 0,
      attempts: [],
    });
    const order: [string, number][] = [];
    await pool().worker([jobOf((_payload, again) => order.push([again.jobId, again.attempt]), queue)], {
      worker: { concurrency: 1 },
    });
    await producer.wait(behind);
    expect(order).toEqual([
      [interrupted.id, 1],
      [behind.id, 1],
    ]);
  });

  it('gives back many jobs at once, and says how many', async () => {
    const job = jobOf(never);
    await pool()
      .producer()
      .enqueueMany(
        job,
        Array.from({ length: 20 }, () => ({})),
      );
    const worker = await pool().worker([job], { worker: { concurrency: 20 } });
    await eventually('all run', () => worker.busy === 20);

    const report = await worker.stop({ drainTimeoutMs: 20 });

    expect(report.released).toBe(20);
    expect(await pool().inspector.sample(job.queue.name)).toMatchObject({ waiting: 20, active: 0 });
  });

  it('completes a job that ends within the grace', async () => {
    const { began, run } = handler(async (ctx) => {
      await untilAborted(ctx.signal);
      return 'saved';
    });
    const job = jobOf(run);
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, {});
    const worker = await pool().worker([job]);
    await began.promise;

    const report = await worker.stop({ drainTimeoutMs: 20 });

    expect(report.released).toBe(0);
    expect(await producer.wait(enqueued)).toBe('saved');
  });

  it('leaves no trace of the worker on the list of workers', async () => {
    const worker = await pool().worker([jobOf(() => undefined)]);
    const listed = () => pool().client.sismember(pool().keyspace.workers, worker.id);
    await eventually('the worker is listed', listed);

    await worker.stop();

    expect(await listed()).toBe(0);
    expect(await pool().client.exists(pool().keyspace.worker(worker.id))).toBe(0);
  });

  it('leaves no connection behind', async () => {
    const worker = await pool().worker([jobOf(() => undefined)]);
    const connections = async () => (await pool().client.client('LIST')) as string;
    expect(await connections()).toContain(worker.id);

    await worker.stop();

    await eventually('all are closed', async () => !(await connections()).includes(worker.id));
  });

  it('is one stop, however often it is called', async () => {
    const { began, run } = handler(never);
    const job = jobOf(run);
    await pool().producer().enqueue(job, {});
    const worker = await pool().worker([job]);
    await began.promise;

    const [first, second] = await Promise.all([
      worker.stop({ drainTimeoutMs: 20 }),
      worker.stop({ drainTimeoutMs: 60_000 }),
    ]);

    expect(second).toBe(first);
    expect(await worker.stop()).toBe(first);
  });

  it('is safe before start', async () => {
    const worker = pool().idleWorker([jobOf(() => undefined)]);

    expect(await worker.stop()).toMatchObject({ released: 0 });
  });

  it('wins over a start that is under way', async () => {
    const job = jobOf(() => undefined);
    await pool().producer().enqueue(job, {});
    const worker = pool().idleWorker([job]);

    const starting = worker.start();
    await worker.stop();
    await starting;

    expect(await pool().inspector.sample(job.queue.name)).toMatchObject({ waiting: 1, active: 0 });
    await eventually('no connection is left', async () => {
      return !((await pool().client.client('LIST')) as string).includes(worker.id);
    });
  });
});

describe('start', () => {
  it('starts once, however often it is called', async () => {
    let running = 0;
    let most = 0;
    const goOn = signal();
    const job = jobOf(async () => {
      running += 1;
      most = Math.max(most, running);
      await goOn.promise;
      running -= 1;
    });
    const worker = pool().idleWorker([job], { worker: { concurrency: 2 } });

    await Promise.all([worker.start(), worker.start()]);
    await worker.start();

    const producer = pool().producer();
    const jobs = await producer.enqueueMany(job, [{}, {}, {}, {}, {}]);
    await eventually('the slots are taken', () => running === 2);
    goOn.send();
    await Promise.all(jobs.map((each) => producer.wait(each)));
    expect(most).toBe(2);
  });

  it('takes no jobs after a stop', async () => {
    const job = jobOf(() => undefined);
    const worker = pool().idleWorker([job]);
    await worker.stop();

    await worker.start();

    await pool().producer().enqueue(job, {});
    expect(await pool().inspector.sample(job.queue.name)).toMatchObject({ waiting: 1, active: 0 });
    expect((await pool().client.client('LIST')) as string).not.toContain(worker.id);
  });
});

describe('a start that fails', () => {
  it('can be tried again', async () => {
    const away = await startPool();
    const job = jobOf(() => 'done');
    const worker = away.idleWorker([job], { redis: { url: away.url, connectTimeoutMs: 300 } });
    await away.server.kill();
    await expect(worker.start()).rejects.toThrow(RedisUnavailableError);

    await away.server.restart();
    await worker.start();

    const producer = away.producer();
    expect(await producer.wait(await producer.enqueue(job, {}))).toBe('done');
  });

  it('leaves no connection behind', async () => {
    const full = await startPool();
    const worker = full.idleWorker([jobOf(() => undefined)]);
    await full.client.config('SET', 'maxmemory', '1');

    await expect(worker.start()).rejects.toThrow('OOM');

    await eventually('no connection is left', async () => {
      return !((await full.client.client('LIST')) as string).includes(worker.id);
    });
  });
});

describe('quiet', () => {
  it('takes no more jobs, and running ones go on', async () => {
    const goOn = signal();
    const { began, run } = handler(() => goOn.promise);
    const job = jobOf(run);
    const producer = pool().producer();
    const running = await producer.enqueue(job, {});
    const worker = await pool().worker([job]);
    await began.promise;

    worker.quiet();
    await producer.enqueue(job, {});
    goOn.send();
    await producer.wait(running);

    expect(worker.state).toBe('quiet');
    expect(await pool().inspector.sample(job.queue.name)).toMatchObject({ waiting: 1, active: 0 });
  });

  it('leaves new jobs to other workers at once', async () => {
    const queue = pool().queue();
    const quiet = await pool().worker([jobOf(() => 'quiet', queue)]);
    const other = jobOf(() => 'other', queue);
    await pool().worker([other]);
    quiet.quiet();
    const producer = pool().producer();

    const startedAt = performance.now();
    const results = await Promise.all(
      (await producer.enqueueMany(other, [{}, {}, {}])).map((each) => producer.wait(each)),
    );

    expect(results).toEqual(['other', 'other', 'other']);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
