import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  BusinessError,
  defineJob,
  JobCancelledError,
  JobFailedError,
  type JobOptions,
  JobTimeoutError,
  PermanentError,
  type QueueDefinition,
  ThrottledError,
} from '../../../src/index.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { signal, untilAborted } from '../worker-pool/signal.js';
import { recordLog, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const anything = z.looseObject({});
type Anything = typeof anything;

const quick = { attempts: 3, base: 1, cap: 1 } as const;
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

/** A kind with a queue of its own. */
function jobOf<R>(
  options: Partial<JobOptions<Anything, R>> & Pick<JobOptions<Anything, R>, 'run'>,
  queue?: QueueDefinition,
) {
  return defineJob({ kind: 'do', queue: queue ?? pool().queue(), payload: anything, retry: quick, ...options });
}

/** The only dead letter of a queue, once it is there. */
async function deadLetterIn(queue: QueueDefinition) {
  const store = pool().deadLetters(queue);
  return eventually('a job is dead-lettered', async () => {
    const [entry] = await store.oldest(1);
    return entry && store.get(entry.deadId);
  });
}

describe('a job that succeeds', () => {
  it('counts as in time, and as succeeded', async () => {
    const metrics = createMetrics({ role: 'worker', version: '0' });
    const job = jobOf({ run: () => undefined });
    await pool().worker([job], { metrics });

    await pool().producer().enqueue(job, {});

    const { name: queue, criticality } = job.queue;
    await eventually('it is counted', async () =>
      metricValue(metrics, 'bulwark_jobs_ended_total', { queue, criticality, result: 'succeeded' }),
    );
    expect(await metricValue(metrics, 'bulwark_jobs_waited_total', { queue, criticality, result: 'in_time' })).toBe(1);
    expect(await metricValue(metrics, 'bulwark_jobs_waited_total', { queue, result: 'late' })).toBe(0);
  });

  it('is completed with what its handler returned', async () => {
    const job = jobOf({ run: async ({ n }) => ({ twice: Number(n) * 2 }) });
    await pool().worker([job]);
    const producer = pool().producer();

    const enqueued = await producer.enqueue(job, { n: 21 });

    expect(await producer.wait(enqueued)).toEqual({ twice: 42 });
    expect(await pool().inspector.job(job.queue.name, enqueued.id)).toMatchObject({
      state: 'completed',
      result: { twice: 42 },
      attemptsMade: 1,
      starts: 1,
      attempts: [],
    });
  });

  it.each<[string, () => unknown, unknown]>([
    ['nothing', () => undefined, null],
    ['null', () => null, null],
    ['false', () => false, false],
    ['a function', () => () => 1, null],
    ['what JSON cannot hold', () => 10n, { bulwark: 'result_dropped', reason: expect.stringContaining('BigInt') }],
    [
      'what points to itself',
      () => {
        const self: Record<string, unknown> = {};
        self['self'] = self;
        return self;
      },
      { bulwark: 'result_dropped', reason: expect.stringContaining('circular') },
    ],
    [
      'too much',
      () => 'x'.repeat(2_000),
      { bulwark: 'result_dropped', reason: 'the result has 2002 bytes, at most 1024 are kept' },
    ],
  ])('is completed when the handler returns %s', async (_what, make, kept) => {
    const job = jobOf({ run: make });
    await pool().worker([job], { job: { maxResultBytes: 1_024 } });
    const producer = pool().producer();

    const result = await producer.wait(await producer.enqueue(job, {}));

    expect(result).toEqual(kept);
  });

  it('tells its progress to the queue', async () => {
    const told = signal();
    const goOn = signal();
    const job = jobOf({
      run: async (_payload, ctx) => {
        await ctx.progress({ page: 3 });
        told.send();
        await goOn.promise;
      },
    });
    await pool().worker([job]);
    const producer = pool().producer();

    const enqueued = await producer.enqueue(job, {});
    await told.promise;

    expect(await pool().inspector.job(job.queue.name, enqueued.id)).toMatchObject({ progress: { page: 3 } });
    goOn.send();
    await producer.wait(enqueued);
  });

  it('gives its handler what it was enqueued with', async () => {
    const job = jobOf({
      run: (_payload, { log: _log, signal: _signal, ...ctx }) => ({
        ...ctx,
        effectKey: ctx.effectKey('mail'),
        remainingMs: ctx.remainingMs(),
      }),
      timeout: '10s',
    });
    await pool().worker([job]);
    const producer = pool().producer();

    const enqueued = await producer.enqueue(job, {}, { key: 'order-1', tenant: 'acme' });

    expect(await producer.wait(enqueued)).toMatchObject({
      jobId: enqueued.id,
      kind: 'do',
      queue: job.queue.name,
      key: 'order-1',
      tenant: 'acme',
      attempt: 1,
      maxAttempts: 3,
      effectKey: expect.stringMatching(/^[\w-]{32}$/),
    });
  });
});

describe('a job that fails', () => {
  it('runs again after a pause, and its history names each failure', async () => {
    const attempts: number[] = [];
    const job = jobOf({
      run: async (_payload, ctx) => {
        attempts.push(ctx.attempt);
        if (ctx.attempt < 3) throw Object.assign(new Error(`failed at ${ctx.attempt}`), { code: 'ECONNRESET' });
        return 'done';
      },
    });
    const worker = await pool().worker([job]);
    const producer = pool().producer();

    const enqueued = await producer.enqueue(job, {});

    expect(await producer.wait(enqueued)).toBe('done');
    expect(attempts).toEqual([1, 2, 3]);
    const view = await pool().inspector.job(job.queue.name, enqueued.id);
    expect(view).toMatchObject({ attemptsMade: 3, starts: 3 });
    expect(view?.attempts).toMatchObject([
      { attempt: 1, worker: worker.id, error: { message: 'failed at 1', code: 'ECONNRESET', class: 'transient' } },
      { attempt: 2, worker: worker.id, error: { message: 'failed at 2' } },
    ]);
    const [first, second] = view?.attempts ?? [];
    expect(second?.startedAt).toBeGreaterThanOrEqual((first?.endedAt ?? 0) + 100);
  });

  it('waits at least as long as the other side asked for', async () => {
    const job = jobOf({
      run: () => {
        throw new ThrottledError('slow down', { retryAfter: '1h' });
      },
    });
    await pool().worker([job]);

    const { id } = await pool().producer().enqueue(job, {});

    const due = await eventually('the job is delayed', async () =>
      Number(await pool().client.zscore(pool().keyspace.queue(job.queue.name, 'delayed'), id)),
    );
    expect(due / 4096).toBeGreaterThan(Date.now() + 3_500_000);
  });

  it('is dead-lettered after its last attempt, whole', async () => {
    const enqueuedFrom = Date.now();
    const job = jobOf({
      version: 2,
      run: () => {
        throw new TypeError('order 4711 is stuck');
      },
    });
    const worker = await pool().worker([job]);
    const producer = pool().producer();

    const enqueued = await producer.enqueue(job, { order: 4711 }, { key: 'k', tenant: 'acme', traceparent });

    await expect(producer.wait(enqueued)).rejects.toThrow(JobFailedError);
    const letter = await deadLetterIn(job.queue);
    expect(letter).toMatchObject({
      reason: 'attempts_exhausted',
      error: {
        class: 'transient',
        name: 'TypeError',
        message: 'order 4711 is stuck',
        stack: expect.stringContaining('outcomes.test.ts'),
        fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
      },
      queue: job.queue.name,
      id: enqueued.id,
      deadId: enqueued.id,
      by: worker.id,
      traceId: 'a'.repeat(32),
      traceparent,
      kind: 'do',
      payload: { order: 4711 },
      key: 'k',
      tenant: 'acme',
      version: 2,
      crashes: 0,
    });
    expect(letter.attempts.map(({ attempt, worker: by }) => [attempt, by])).toEqual([
      [1, worker.id],
      [2, worker.id],
      [3, worker.id],
    ]);
    for (const { startedAt, endedAt } of letter.attempts) {
      expect(startedAt).toBeGreaterThanOrEqual(enqueuedFrom);
      expect(endedAt).toBeGreaterThanOrEqual(startedAt);
    }
    expect(letter.diedAt).toBeGreaterThanOrEqual(letter.enqueuedAt);
    expect(await pool().inspector.job(job.queue.name, enqueued.id)).toBeUndefined();
  });

  it('keeps a bounded history', async () => {
    const job = jobOf({
      retry: { attempts: 5, base: 1, cap: 1 },
      run: (_payload, ctx) => {
        throw new Error(`${ctx.attempt}: ${'x'.repeat(10_000)}`);
      },
    });
    await pool().worker([job], { job: { keepAttempts: 2, maxErrorBytes: 128, maxStackBytes: 128 } });

    await pool().producer().enqueue(job, {});

    const letter = await deadLetterIn(job.queue);
    expect(letter.attempts.map(({ attempt }) => attempt)).toEqual([4, 5]);
    expect(Buffer.byteLength(letter.error.message)).toBeLessThanOrEqual(128);
    expect(Buffer.byteLength(letter.error.stack ?? '')).toBeLessThanOrEqual(128);
  });

  it.each([
    ['a permanent error', () => new PermanentError('never'), 'permanent_error', 'permanent'],
    ['an expected no', () => new BusinessError('card declined'), 'business_error', 'business'],
    ['HTTP 404', () => Object.assign(new Error('not found'), { status: 404 }), 'permanent_error', 'permanent'],
    ['a cancellation', () => new JobCancelledError('called off'), 'cancelled', 'cancelled'],
  ])('is dead-lettered at once for %s', async (_what, make, reason, errorClass) => {
    const job = jobOf({
      run: () => {
        throw make();
      },
    });
    await pool().worker([job]);

    await pool().producer().enqueue(job, {});

    const letter = await deadLetterIn(job.queue);
    expect(letter).toMatchObject({ reason, error: { class: errorClass } });
    expect(letter.attempts.length).toBe(1);
  });

  it.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['a string', () => 'text'],
    ['a symbol', () => Symbol('s')],
    ['an object without a prototype', () => Object.create(null)],
    [
      'an object that throws when read',
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('hands off');
            },
          },
        ),
    ],
    [
      'an error whose message throws',
      () =>
        Object.defineProperty(new Error('x'), 'message', {
          get: () => {
            throw new Error('hands off');
          },
        }),
    ],
    [
      'an error that causes itself',
      () => {
        const e = new Error('loop');
        e.cause = e;
        return e;
      },
    ],
    ['an error with a symbol for a message', () => Object.assign(new Error('x'), { message: Symbol('s') })],
  ])('is dead-lettered in the end when its handler throws %s', async (_what, make) => {
    const job = jobOf({
      retry: { attempts: 2, base: 1, cap: 1 },
      run: () => {
        throw make();
      },
    });
    await pool().worker([job]);

    await pool().producer().enqueue(job, {});

    expect(await deadLetterIn(job.queue)).toMatchObject({ reason: 'attempts_exhausted' });
  });

  it('is judged by the rules of its kind first, and by ours when those throw', async () => {
    const { log, said } = recordLog();
    const job = jobOf({
      run: (payload) => {
        throw Object.assign(new Error('x'), { odd: payload['odd'] });
      },
      classify: (error) => {
        if ((error as { odd?: boolean }).odd) throw new Error('classify is broken');
        return { class: 'business' };
      },
    });
    await pool().worker([job], { log });
    const producer = pool().producer();

    await producer.enqueue(job, {});
    const [first, second] = [await deadLetterIn(job.queue), await producer.enqueue(job, { odd: true })];

    expect(first.reason).toBe('business_error');
    await expect(producer.wait(second)).rejects.toThrow('attempts_exhausted');
    expect(said('job.classify_failed')).toHaveLength(3);
  });
});

describe('a job that takes too long', () => {
  it('has its signal aborted and counts as a failed attempt', async () => {
    const reasons: unknown[] = [];
    const job = jobOf({
      timeout: 30,
      retry: { attempts: 2, base: 1, cap: 1 },
      run: async (_payload, ctx) => {
        await untilAborted(ctx.signal);
        reasons.push(ctx.signal.reason);
        throw new Error('gave up');
      },
    });
    await pool().worker([job]);

    await pool().producer().enqueue(job, {});

    const letter = await deadLetterIn(job.queue);
    expect(letter).toMatchObject({ reason: 'attempts_exhausted', error: { code: 'BULWARK_JOB_TIMEOUT' } });
    expect(reasons).toHaveLength(2);
    expect(reasons[0]).toBeInstanceOf(JobTimeoutError);
  });

  it('is given up on when it does not react, and its slot is free again', async () => {
    const goOn = signal();
    const job = jobOf({ timeout: 30, retry: { attempts: 1 }, run: () => goOn.promise });
    const worker = await pool().worker([job], { worker: { abortGraceMs: 10 } });

    await pool().producer().enqueue(job, {});

    expect(await deadLetterIn(job.queue)).toMatchObject({ error: { code: 'BULWARK_JOB_TIMEOUT' } });
    await eventually('the slot is free', () => worker.busy === 0);
    goOn.send();
  });

  it('is completed when it returns although its time is over', async () => {
    const job = jobOf({
      timeout: 30,
      run: async (_payload, ctx) => {
        await untilAborted(ctx.signal);
        return 'late but done';
      },
    });
    await pool().worker([job]);
    const producer = pool().producer();

    expect(await producer.wait(await producer.enqueue(job, {}))).toBe('late but done');
  });
});

describe('a job that is called off', () => {
  it('has its signal aborted and is dead-lettered as cancelled', async () => {
    const started = signal<string>();
    const job = jobOf({
      run: async (_payload, ctx) => {
        started.send(ctx.jobId);
        await untilAborted(ctx.signal);
        throw ctx.signal.reason;
      },
    });
    const worker = await pool().worker([job]);
    await pool().producer().enqueue(job, {});

    const found = worker.cancel(await started.promise, 'not needed any more');

    expect(found).toBe(true);
    expect(await deadLetterIn(job.queue)).toMatchObject({
      reason: 'cancelled',
      error: { class: 'cancelled', message: expect.stringContaining('not needed any more') },
    });
    expect(worker.cancel('never-was')).toBe(false);
  });
});

describe('a job that is too late', () => {
  it('is dead-lettered instead of run when its deadline has passed', async () => {
    let runs = 0;
    const job = jobOf({
      run: () => {
        runs += 1;
      },
    });
    const producer = pool().producer();
    await producer.enqueue(job, {}, { expiresIn: 0 });

    await pool().worker([job]);

    expect(await deadLetterIn(job.queue)).toMatchObject({
      reason: 'expired',
      error: { class: 'expired', message: expect.stringContaining('deadline') },
      attempts: [],
    });
    expect(runs).toBe(0);
  });

  it('is dead-lettered instead of run when it waited longer than its kind allows', async () => {
    const job = jobOf({ maxQueueAge: 1, run: () => 'never' });
    const producer = pool().producer();
    const { id } = await producer.enqueue(job, {});
    await pool().client.hincrby(pool().keyspace.queue(job.queue.name, id), 'timestamp', -60_000);

    await pool().worker([job]);

    expect(await deadLetterIn(job.queue)).toMatchObject({
      reason: 'expired',
      error: { message: expect.stringContaining('its kind allows 1ms') },
    });
  });

  it('is not too late for having been delayed on purpose', async () => {
    const job = jobOf({ maxQueueAge: 250, run: () => 'run' });
    await pool().worker([job]);
    const producer = pool().producer();

    const enqueued = await producer.enqueue(job, {}, { delay: 400 });

    expect(await producer.wait(enqueued)).toBe('run');
  });

  it('has its signal aborted when the deadline passes while it runs', async () => {
    const job = jobOf({
      run: async (_payload, ctx) => {
        await untilAborted(ctx.signal);
        throw ctx.signal.reason;
      },
    });
    await pool().worker([job]);

    await pool().producer().enqueue(job, {}, { expiresIn: 100 });

    expect(await deadLetterIn(job.queue)).toMatchObject({
      reason: 'expired',
      error: { message: expect.stringContaining('passed while it ran') },
    });
  });

  it('is not retried past its deadline', async () => {
    const job = jobOf({
      retry: { attempts: 5, base: '1h', cap: '1h' },
      run: () => {
        throw new ThrottledError('later', { retryAfter: '1m' });
      },
    });
    await pool().worker([job]);

    await pool().producer().enqueue(job, {}, { expiresIn: '30s' });

    expect(await deadLetterIn(job.queue)).toMatchObject({ reason: 'expired' });
  });
});

describe('versions of a payload', () => {
  it('brings an old payload up to date, one version at a time', async () => {
    const queue = pool().queue();
    const old = jobOf({ run: () => 'old' }, queue);
    const now = defineJob({
      kind: 'do',
      queue,
      version: 3,
      payload: z.object({ name: z.string(), greeting: z.string() }),
      upcast: {
        1: (v1) => ({ name: `${v1.first} ${v1.last}` }),
        2: (v2) => ({ ...v2, greeting: 'Hello' }),
      },
      run: (payload) => payload,
    });
    const producer = pool().producer();
    const enqueued = await producer.enqueue(old, { first: 'Ada', last: 'Lovelace' });

    await pool().worker([now]);

    expect(await producer.wait(enqueued)).toEqual({ name: 'Ada Lovelace', greeting: 'Hello' });
  });

  it('parks a payload from the future until a worker comes that knows it, without using up an attempt', async () => {
    const queue = pool().queue();
    const old = jobOf({ run: () => 'old' }, queue);
    const newer = jobOf({ version: 2, run: (_payload, ctx) => ctx.attempt }, queue);
    const { log, said } = recordLog();
    await pool().worker([old], { log, job: { newerVersionDelayMs: 100 } });
    const producer = pool().producer();

    const enqueued = await producer.enqueue(newer, {});
    await eventually('the job was parked twice', () => said('job.parked').length >= 2);
    const parked = await pool().inspector.job(queue.name, enqueued.id);
    await pool().worker([newer]);

    expect(parked).toMatchObject({ parkedFor: 'newer_version', attemptsMade: 0 });
    expect(await producer.wait(enqueued)).toBe(1);
  });

  it.each([
    ['has no step', {}, 'no upcaster from version 1 to 2'],
    [
      'throws',
      {
        1: () => {
          throw new Error('cannot');
        },
      },
      'threw',
    ],
  ])('dead-letters an old payload whose upcast %s', async (_what, upcast, message) => {
    const queue = pool().queue();
    const old = jobOf({ run: () => 'old' }, queue);
    const newer = jobOf({ version: 2, upcast, run: () => 'new' }, queue);
    await pool().producer().enqueue(old, {});

    await pool().worker([newer]);

    expect(await deadLetterIn(queue)).toMatchObject({
      reason: 'upcast_failed',
      error: { message: expect.stringContaining(message) },
    });
  });
});

describe('the order of jobs', () => {
  it('follows priority first and age second', async () => {
    const order: unknown[] = [];
    const job = jobOf({ run: ({ name }) => order.push(name) });
    const producer = pool().producer();
    for (const [name, priority] of [
      ['later', 9],
      ['soon-1', 1],
      ['plain-1', 0],
      ['soon-2', 1],
      ['plain-2', 0],
    ] as const) {
      await producer.enqueue(job, { name }, { priority });
    }

    await pool().worker([job], { worker: { concurrency: 1 } });

    await eventually('all have run', () => order.length === 5);
    expect(order).toEqual(['plain-1', 'plain-2', 'soon-1', 'soon-2', 'later']);
  });

  it('starts a delayed job when it is due, and not before', async () => {
    const job = jobOf({ run: (_payload, ctx) => Date.now() - ctx.enqueuedAt });
    await pool().worker([job]);
    const producer = pool().producer();

    const waitedMs = await producer.wait(await producer.enqueue(job, {}, { delay: 300 }));

    expect(waitedMs).toBeGreaterThanOrEqual(299);
    expect(waitedMs).toBeLessThan(600);
  });
});

it('runs as many jobs at once as it has slots, and no more', async () => {
  const goOn = signal();
  let running = 0;
  let most = 0;
  const job = jobOf({
    run: async () => {
      running += 1;
      most = Math.max(most, running);
      await goOn.promise;
      running -= 1;
    },
  });
  const producer = pool().producer();
  const jobs = await producer.enqueueMany(
    job,
    Array.from({ length: 12 }, () => ({})),
  );
  const worker = await pool().worker([job], { worker: { concurrency: 4 } });

  await eventually('all slots are taken', () => running === 4);
  expect(worker.busy).toBe(4);
  goOn.send();
  await Promise.all(jobs.map((each) => producer.wait(each)));

  expect(most).toBe(4);
});
