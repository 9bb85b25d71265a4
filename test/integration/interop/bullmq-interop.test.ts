import { once } from 'node:events';
import { Job } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, type JobOptions, PermanentError, type QueueDefinition } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { signal } from '../worker-pool/signal.js';
import { usePool } from '../worker-pool/test-pool.js';
import { plainBullmq } from './bullmq.js';

const pool = usePool();
const anything = z.looseObject({});

function jobOf<R>(run: JobOptions<typeof anything, R>['run'], options: Partial<JobOptions<typeof anything, R>> = {}) {
  return defineJob({
    kind: 'do',
    queue: pool().queue(),
    payload: anything,
    retry: { attempts: 3, base: 1, cap: 1 },
    run,
    ...options,
  });
}

const bullmqOf = ({ queue }: { queue: QueueDefinition }) => plainBullmq(pool(), queue.name);

describe('a plain BullMQ queue', () => {
  it('feeds our workers', async () => {
    const job = jobOf(({ n }, ctx) => ({ n, id: ctx.jobId, attempt: ctx.attempt }));
    const { queue, events } = bullmqOf(job);
    const told = await events();
    await pool().worker([job]);

    const plain = await queue().add('do', { n: 1 });
    const named = await queue().add('do', { n: 2 }, { jobId: 'my-id' });

    expect(await plain.waitUntilFinished(told, 3_000)).toEqual({ n: 1, id: plain.id, attempt: 1 });
    expect(await named.waitUntilFinished(told, 3_000)).toEqual({ n: 2, id: 'my-id', attempt: 1 });
  });

  it('has its delay and priority honoured', async () => {
    const order: unknown[] = [];
    const job = jobOf(({ name }) => order.push(name));
    const queue = bullmqOf(job).queue();
    await queue.add('do', { name: 'delayed' }, { delay: 300 });
    await queue.add('do', { name: 'low' }, { priority: 10 });
    await queue.add('do', { name: 'high' }, { priority: 1 });
    await queue.add('do', { name: 'plain' });
    await queue.add('do', { name: 'last in, first out' }, { lifo: true });

    await pool().worker([job], { worker: { concurrency: 1 } });

    await eventually('all have run', () => order.length === 5);
    expect(order).toEqual(['last in, first out', 'plain', 'high', 'low', 'delayed']);
  });

  it('has its number of attempts honoured before that of the kind', async () => {
    const attempts: number[] = [];
    const job = jobOf((_payload, ctx) => {
      attempts.push(ctx.attempt);
      throw new Error('no');
    });
    const queue = bullmqOf(job).queue();
    await pool().worker([job]);

    await queue.add('do', {}, { attempts: 2, jobId: 'twice' });

    await eventually('it is dead-lettered', () => pool().deadLetters(job.queue).get('twice'));
    expect(attempts).toEqual([1, 2]);
  });

  it('has its wish to keep no completed job honoured', async () => {
    const job = jobOf(() => 'done');
    const { queue, events } = bullmqOf(job);
    const completed = once(await events(), 'completed');
    await pool().worker([job]);

    await queue().add('do', {}, { removeOnComplete: true });

    await completed;
    expect(await queue().getCompletedCount()).toBe(0);
  });

  it('pauses and resumes our workers', async () => {
    const job = jobOf(() => 'done');
    const { queue, events } = bullmqOf(job);
    const told = await events();
    await queue().pause();
    await pool().worker([job]);
    const added = await queue().add('do', {});
    expect(await pool().inspector.sample(job.queue.name)).toMatchObject({ paused: true, waiting: 1, active: 0 });

    const startedAt = performance.now();
    await queue().resume();

    expect(await added.waitUntilFinished(told, 3_000)).toBe('done');
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('sets a limit on how many jobs run at once, all workers together, and each end makes room at once', async () => {
    let running = 0;
    let most = 0;
    const endedBy = [
      () => 'done',
      () => Promise.reject(new PermanentError('no')),
      () => Promise.reject(new Error('later')),
    ];
    const job = jobOf(async ({ n }, ctx) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return ctx.attempt > 1 ? 'done' : endedBy[Number(n) % 3]?.();
    });
    const queue = bullmqOf(job).queue();
    await queue.setGlobalConcurrency(1);
    await pool().worker([job], { worker: { concurrency: 5 } });
    await pool().worker([job], { worker: { concurrency: 5 } });

    const startedAt = performance.now();
    await queue.addBulk(Array.from({ length: 12 }, (_, n) => ({ name: 'do', data: { n } })));

    await eventually('all have ended', async () => {
      const { completed, dead_lettered } = await pool().inspector.sample(job.queue.name);
      return completed === 8 && dead_lettered === 4;
    });
    expect(most).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('sets a limit on how many jobs start in a while', async () => {
    const starts: number[] = [];
    const job = jobOf(() => starts.push(performance.now()));
    const queue = bullmqOf(job).queue();
    await queue.setGlobalRateLimit(2, 300);
    await queue.addBulk(Array.from({ length: 5 }, () => ({ name: 'do', data: {} })));

    await pool().worker([job]);

    await eventually('all have run', () => starts.length === 5);
    const gapMs = (starts[4] ?? 0) - (starts[0] ?? 0);
    expect(gapMs).toBeGreaterThan(550);
    expect(gapMs).toBeLessThan(1_500);
  });

  it('is held back by queue.rateLimit for as long as that says', async () => {
    const job = jobOf(() => performance.now());
    const { queue, events } = bullmqOf(job);
    const told = await events();
    await queue().setGlobalRateLimit(100, 1_000);
    await queue().rateLimit(400);
    const limitedFrom = performance.now();
    await pool().worker([job]);

    const added = await queue().add('do', {});

    expect(Number(await added.waitUntilFinished(told, 3_000)) - limitedFrom).toBeGreaterThan(350);
  });
});

describe('a plain BullMQ worker', () => {
  it('runs what our producer enqueues', async () => {
    const job = jobOf(() => 'ours');
    const seen: unknown[] = [];
    bullmqOf(job).worker(async ({ id, name, data }) => {
      seen.push({ id, name, data });
      return { by: 'bullmq' };
    });
    const producer = pool().producer();

    const plain = await producer.enqueue(job, { n: 1 });
    const special = await producer.enqueue(job, { n: 2 }, { key: 'k', delay: 50, priority: 4 });

    expect(await producer.wait(plain)).toEqual({ by: 'bullmq' });
    expect(await producer.wait(special)).toEqual({ by: 'bullmq' });
    expect(seen).toEqual([
      { id: plain.id, name: 'do', data: { n: 1 } },
      { id: special.id, name: 'do', data: { n: 2 } },
    ]);
  });

  it('shares a queue with ours, and each job runs once', async () => {
    const by: Record<string, string[]> = {};
    const job = jobOf((_payload, ctx) => {
      by[ctx.jobId] = [...(by[ctx.jobId] ?? []), 'ours'];
    });
    bullmqOf(job).worker(async ({ id }) => {
      by[id ?? ''] = [...(by[id ?? ''] ?? []), 'bullmq'];
    });
    await pool().worker([job]);
    const producer = pool().producer();

    const jobs = await producer.enqueueMany(
      job,
      Array.from({ length: 200 }, (_, n) => ({ n })),
    );
    await Promise.all(jobs.map((each) => producer.wait(each)));

    expect(Object.values(by).every((runs) => runs.length === 1)).toBe(true);
    expect(Object.keys(by)).toHaveLength(200);
  });

  it('fails a job in its own way, and whoever waits for it is told', async () => {
    const job = jobOf(() => 'ours');
    bullmqOf(job).worker(async () => {
      throw new Error('not today');
    });
    const producer = pool().producer();

    const enqueued = await producer.enqueue(job, {});

    await expect(producer.wait(enqueued)).rejects.toThrow('not today');
  });
});

describe('QueueEvents', () => {
  it('tells of every step of a job', async () => {
    const job = jobOf((_payload, ctx) => {
      if (ctx.attempt === 1) throw new Error('again');
      return { sent: true };
    });
    const events = await bullmqOf(job).events();
    const told: [string, unknown][] = [];
    for (const name of ['added', 'waiting', 'active', 'delayed', 'completed', 'failed'] as const) {
      events.on(name, (event: { returnvalue?: unknown }) => told.push([name, event.returnvalue]));
    }
    await pool().worker([job]);
    const producer = pool().producer();

    await producer.wait(await producer.enqueue(job, {}));

    await eventually('all is told', () => told.some(([name]) => name === 'completed'));
    expect(told.map(([name]) => name)).toEqual([
      'added',
      'waiting',
      'active',
      'delayed',
      'waiting',
      'active',
      'completed',
    ]);
    expect(told.at(-1)).toEqual(['completed', { sent: true }]);
  });

  it('tells of a job that is dead-lettered, in its queue and in that of the dead', async () => {
    const job = jobOf(() => {
      throw new PermanentError('no such account');
    });
    const failed = once(await bullmqOf(job).events(), 'failed');
    await pool().worker([job]);

    const { id } = await pool().producer().enqueue(job, {});

    expect((await failed)[0]).toEqual({ jobId: id, failedReason: 'no such account', prev: 'active' });
  });

  it('tells of progress', async () => {
    const job = jobOf(async (_payload, ctx) => ctx.progress(42));
    const progressed = once(await bullmqOf(job).events(), 'progress');
    await pool().worker([job]);

    const { id } = await pool().producer().enqueue(job, {});

    expect((await progressed)[0]).toMatchObject({ jobId: id, data: 42 });
  });
});

describe('the dead-letter queue', () => {
  it('is a BullMQ queue whose failed jobs anybody can read', async () => {
    const job = jobOf(() => {
      throw new PermanentError('no such account');
    });
    await pool().worker([job]);
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, { account: 7 });
    await producer.wait(enqueued).catch(() => undefined);

    const dead = bullmqOf(job).queue(`${job.queue.name}.dead`);

    expect(await dead.getFailedCount()).toBe(1);
    const [failed] = await dead.getFailed();
    const found = await Job.fromId(dead, enqueued.id);
    for (const each of [failed, found]) {
      expect(each).toMatchObject({
        id: enqueued.id,
        name: 'do',
        data: { account: 7 },
        failedReason: 'no such account',
        attemptsMade: 1,
        finishedOn: expect.any(Number),
        stacktrace: [expect.stringContaining('PermanentError: no such account')],
      });
    }
    expect(await found?.getState()).toBe('failed');
    expect(await bullmqOf(job).queue().getFailedCount()).toBe(0);
  });

  it.each([
    ['data', { data: 'no json' }],
    ['opts', { data: '{}', opts: 'no json', name: 'unknown' }],
    ['everything', {}],
  ])('stays readable when a job came with unreadable %s', async (_what, fields) => {
    const job = jobOf(() => undefined);
    const key = (part: string) => pool().keyspace.queue(job.queue.name, part);
    await pool().worker([job]);
    if (Object.keys(fields).length > 0) await pool().client.hset(key('odd'), fields);
    await pool().client.multi().lpush(key('wait'), 'odd').zadd(key('marker'), 0, '0').exec();
    await eventually('it is dead-lettered', () => pool().deadLetters(job.queue).get('odd'));

    const [failed] = await bullmqOf(job).queue(`${job.queue.name}.dead`).getFailed();

    expect(failed?.id).toBe('odd');
  });
});

describe('deduplication', () => {
  it.each<[string, () => unknown]>([
    ['completed', () => 'done'],
    [
      'dead-lettered',
      () => {
        throw new PermanentError('no');
      },
    ],
  ])('is over when the job is %s', async (_how, end) => {
    const goOn = signal();
    const ran: string[] = [];
    const job = jobOf(async (_payload, ctx) => {
      ran.push(ctx.jobId);
      await goOn.promise;
      return end();
    });
    const queue = bullmqOf(job).queue();
    await pool().worker([job]);

    const first = await queue.add('do', {}, { deduplication: { id: 'once' } });
    await eventually('it runs', () => ran.length === 1);
    const duplicate = await queue.add('do', {}, { deduplication: { id: 'once' } });
    goOn.send();
    await eventually('it has ended', async () => (await queue.getDeduplicationJobId('once')) === null);
    const next = await queue.add('do', {}, { deduplication: { id: 'once' } });

    expect(duplicate.id).toBe(first.id);
    expect(next.id).not.toBe(first.id);
    await eventually('the next one runs', () => ran.length === 2);
  });

  it('outlives a dead-lettered job when it was given a time of its own', async () => {
    const job = jobOf(() => {
      throw new PermanentError('no');
    });
    const queue = bullmqOf(job).queue();
    await pool().worker([job]);

    const first = await queue.add('do', {}, { deduplication: { id: 'hourly', ttl: 3_600_000 } });
    await eventually('it is dead-lettered', () =>
      pool()
        .deadLetters(job.queue)
        .get(first.id ?? ''),
    );

    expect(await queue.getDeduplicationJobId('hourly')).toBe(first.id);
  });

  it.each<[string, boolean]>([
    ['completes', false],
    ['fails for good', true],
  ])('brings the last that came meanwhile, when the job %s', async (_how, dies) => {
    const goOn = signal();
    const ran: unknown[] = [];
    const job = jobOf(async ({ n }) => {
      ran.push(n);
      await goOn.promise;
      if (dies) throw new PermanentError('no');
    });
    const queue = bullmqOf(job).queue();
    await pool().worker([job]);
    const deduplication = { id: 'latest', keepLastIfActive: true };

    await queue.add('do', { n: 1 }, { deduplication });
    await eventually('it runs', () => ran.length === 1);
    await queue.add('do', { n: 2 }, { deduplication });
    await queue.add('do', { n: 3 }, { deduplication });
    goOn.send();

    await eventually('the last one runs', () => ran.length === 2);
    expect(ran).toEqual([1, 3]);
  });
});

describe('a BullMQ job scheduler', () => {
  it('goes on producing while our workers take its jobs, also when they fail', async () => {
    const ran: [number, unknown][] = [];
    const job = jobOf(
      ({ from }, ctx) => {
        ran.push([Date.now(), from]);
        if (ran.length === 2) throw new PermanentError('no');
        if (ran.length === 3 && ctx.attempt === 1) throw new Error('again');
      },
      { retry: { attempts: 2, base: 1, cap: 1 } },
    );
    const queue = bullmqOf(job).queue();
    await pool().worker([job]);

    await queue.upsertJobScheduler('every-100', { every: 100 }, { name: 'do', data: { from: 'schedule' } });

    await eventually('it has run eight times', () => ran.length >= 8);
    expect(new Set(ran.map(([, from]) => from))).toEqual(new Set(['schedule']));
    expect((await queue.getJobSchedulers()).length).toBe(1);
    await queue.removeJobScheduler('every-100');
    expect(await queue.getDelayedCount()).toBeLessThanOrEqual(1);
  });
});

describe('a flow', () => {
  it('runs the children first and then the parent, over two queues', async () => {
    const order: unknown[] = [];
    const parent = jobOf(() => order.push('parent'), { kind: 'parent' });
    const child = jobOf(({ n }) => order.push(n), { kind: 'child' });
    const bullmq = bullmqOf(parent);
    const prefixOf = (queue: QueueDefinition) => pool().keyspace.prefix(queue.name);
    const events = await bullmq.events();
    await pool().worker([parent, child]);

    const { job } = await bullmq.flow().add({
      name: 'parent',
      queueName: parent.queue.name,
      prefix: prefixOf(parent.queue),
      children: [1, 2].map((n) => ({
        name: 'child',
        data: { n },
        queueName: child.queue.name,
        prefix: prefixOf(child.queue),
      })),
    });

    await job.waitUntilFinished(events, 5_000);
    expect(order.slice(0, 2).sort()).toEqual([1, 2]);
    expect(order[2]).toBe('parent');
    expect(Object.values(await job.getChildrenValues()).sort()).toEqual([1, 2]);
  });

  it('fails the parent when a child fails that says so, without running it', async () => {
    let parentRuns = 0;
    const parent = jobOf(
      () => {
        parentRuns += 1;
      },
      { kind: 'parent' },
    );
    const child = jobOf(
      () => {
        throw new PermanentError('no');
      },
      { kind: 'child', queue: parent.queue },
    );
    const bullmq = bullmqOf(parent);
    await pool().worker([parent, child]);

    const { job } = await bullmq.flow().add({
      name: 'parent',
      queueName: parent.queue.name,
      children: [{ name: 'child', queueName: parent.queue.name, opts: { failParentOnFailure: true } }],
    });

    const letter = await eventually('the parent is dead-lettered', () =>
      pool()
        .deadLetters(parent.queue)
        .get(job.id ?? ''),
    );
    expect(letter).toMatchObject({
      reason: 'failed_by_queue',
      error: { message: expect.stringMatching(/^child .* failed$/) },
    });
    expect(parentRuns).toBe(0);
    expect(await bullmq.queue().getFailedCount()).toBe(1);
    await eventually('nothing is left', async () => {
      const sample = await pool().inspector.sample(parent.queue.name);
      return sample.waiting + sample.active + sample.delayed + sample['waiting-children'] === 0;
    });
  });

  it('goes on without a child that may fail', async () => {
    const parent = jobOf(() => 'done', { kind: 'parent' });
    const child = jobOf(
      () => {
        throw new PermanentError('no');
      },
      { kind: 'child', queue: parent.queue },
    );
    const bullmq = bullmqOf(parent);
    const events = await bullmq.events();
    await pool().worker([parent, child]);

    const { job } = await bullmq.flow().add({
      name: 'parent',
      queueName: parent.queue.name,
      children: [{ name: 'child', queueName: parent.queue.name, opts: { ignoreDependencyOnFailure: true } }],
    });

    expect(await job.waitUntilFinished(events, 5_000)).toBe('done');
  });

  it.each([
    ['has', {}],
    ['with a key, has', { idempotencyKey: () => 'one' }],
  ])('%s a parent wait that got another child while it ran, and runs it again after that', async (_what, key) => {
    const goOn = signal();
    const childGoesOn = signal();
    let parentRuns = 0;
    const parent = jobOf(
      async () => {
        parentRuns += 1;
        if (parentRuns === 1) await goOn.promise;
        return parentRuns;
      },
      { kind: 'parent', ...key },
    );
    const child = jobOf(() => childGoesOn.promise, { kind: 'child', queue: parent.queue });
    const bullmq = bullmqOf(parent);
    const events = await bullmq.events();
    const queue = bullmq.queue();
    await pool().worker([parent, child]);

    const added = await queue.add('parent', {});
    await eventually('the parent runs', () => parentRuns === 1);
    await queue.add('child', {}, { parent: { id: added.id ?? '', queue: queue.qualifiedName } });
    goOn.send();
    await eventually('the parent waits for its child', async () => (await added.getState()) === 'waiting-children');
    childGoesOn.send();

    expect(await added.waitUntilFinished(events, 5_000)).toBe(2);
  });

  it('ends with its parent when a child failed while the parent ran', async () => {
    const goOn = signal();
    const parent = jobOf(() => goOn.promise, { kind: 'parent' });
    const child = jobOf(
      () => {
        throw new PermanentError('no');
      },
      { kind: 'child', queue: parent.queue },
    );
    const queue = bullmqOf(parent).queue();
    await pool().worker([parent, child]);

    const added = await queue.add('parent', {});
    await eventually('the parent runs', async () => (await added.getState()) === 'active');
    await queue.add(
      'child',
      {},
      { parent: { id: added.id ?? '', queue: queue.qualifiedName }, failParentOnFailure: true },
    );
    await eventually('the child has failed', async () => (await queue.getFailedCount()) === 1);
    goOn.send();

    expect(
      await eventually('the parent is dead-lettered', () =>
        pool()
          .deadLetters(parent.queue)
          .get(added.id ?? ''),
      ),
    ).toMatchObject({
      reason: 'failed_by_queue',
    });
  });

  it('leaves nothing of a parent that is dead-lettered', async () => {
    const parent = jobOf(
      () => {
        throw new PermanentError('no');
      },
      { kind: 'parent' },
    );
    const child = jobOf(() => 'done', { kind: 'child', queue: parent.queue });
    const bullmq = bullmqOf(parent);
    await pool().worker([parent, child]);

    const { job } = await bullmq.flow().add({
      name: 'parent',
      queueName: parent.queue.name,
      children: [{ name: 'child', queueName: parent.queue.name }],
    });
    await eventually('the parent is dead-lettered', () =>
      pool()
        .deadLetters(parent.queue)
        .get(job.id ?? ''),
    );

    expect(await pool().client.keys(`${pool().keyspace.queue(parent.queue.name, job.id ?? '')}*`)).toEqual([]);
    const dead = await Job.fromId(bullmq.queue(`${parent.queue.name}.dead`), job.id ?? '');
    expect(Object.values((await dead?.getChildrenValues()) ?? {})).toEqual(['done']);
    await pool()
      .deadLetters(parent.queue)
      .purge({ deadId: job.id ?? '' });
    expect(await pool().client.keys(`*${job.id}*`)).toEqual([]);
  });
});
