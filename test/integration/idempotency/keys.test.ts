import { Queue } from 'bullmq';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  BusinessError,
  defineJob,
  type JobContext,
  type JobOptions,
  KeyConflictError,
  type QueueDefinition,
} from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const anything = z.looseObject({});
type Anything = typeof anything;

function jobOf(
  run: (payload: z.output<Anything>, ctx: JobContext) => unknown = () => undefined,
  options: Partial<JobOptions<Anything, unknown>> = {},
) {
  return defineJob({ kind: 'charge', queue: pool().queue(), payload: anything, run, ...options });
}

const counts = (queue: QueueDefinition) => pool().inspector.sample(queue.name);

describe('a key at enqueue', () => {
  it('gives the same job again for the same payload, however its fields are ordered', async () => {
    const job = jobOf();
    const producer = pool().producer();

    const first = await producer.enqueue(job, { a: 1, b: 2 }, { key: 'order-42' });
    const second = await producer.enqueue(job, { b: 2, a: 1 }, { key: 'order-42' });

    expect(first.duplicate).toBe(false);
    expect(second).toMatchObject({ id: first.id, duplicate: true });
    expect(await counts(job.queue)).toMatchObject({ waiting: 1 });
  });

  it('gives one job to any number of producers at once', async () => {
    const job = jobOf();
    const producers = [pool().producer(), pool().producer(), pool().producer(), pool().producer()];

    const enqueued = await Promise.all(
      producers.flatMap((producer) =>
        Array.from({ length: 50 }, () => producer.enqueue(job, { a: 1 }, { key: 'order-42' })),
      ),
    );

    expect(new Set(enqueued.map(({ id }) => id)).size).toBe(1);
    expect(enqueued.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await counts(job.queue)).toMatchObject({ waiting: 1 });
  });

  it('is refused for another payload, and nothing is written', async () => {
    const job = jobOf();
    const producer = pool().producer();
    const { id } = await producer.enqueue(job, { a: 1 }, { key: 'order-42' });

    const refused = producer.enqueue(job, { a: 2 }, { key: 'order-42' });

    await expect(refused).rejects.toThrow(KeyConflictError);
    await expect(refused).rejects.toThrow(
      `charge: the idempotency key "order-42" (job ${id}) was given to another payload`,
    );
    expect(await counts(job.queue)).toMatchObject({ waiting: 1 });
    expect((await pool().inspector.job(job.queue.name, id))?.payload).toEqual({ a: 1 });
  });

  it('lets one fail alone among many', async () => {
    const job = jobOf(undefined, { idempotencyKey: ({ key }) => String(key) });
    const producer = pool().producer();
    await producer.enqueue(job, { key: 'b', amount: 1 });

    const refused = producer.enqueueMany(job, [{ key: 'a' }, { key: 'b', amount: 2 }, { key: 'c' }]);

    await expect(refused).rejects.toMatchObject({ details: { indexes: [1] } });
    await expect(refused).rejects.toThrow('"b" at index 1');
    expect(await counts(job.queue)).toMatchObject({ waiting: 3 });
  });

  it('does not meet the keys of another tenant', async () => {
    const job = jobOf();
    const producer = pool().producer();

    await producer.enqueue(job, { a: 1 }, { key: 'order-42', tenant: 'acme' });
    const other = await producer.enqueue(job, { a: 2 }, { key: 'order-42', tenant: 'bcme' });

    expect(other.duplicate).toBe(false);
  });

  it('is remembered when its job is done and removed', async () => {
    const job = jobOf(() => ({ charged: 5 }));
    await pool().worker([job]);
    const producer = pool().producer();
    const first = await producer.enqueue(job, { a: 1 }, { key: 'order-42' });
    await producer.wait(first);
    await pool().client.del(pool().keyspace.queue(job.queue.name, first.id));

    const second = await producer.enqueue(job, { a: 1 }, { key: 'order-42' });

    expect(second).toMatchObject({ id: first.id, duplicate: true });
    await expect(producer.enqueue(job, { a: 2 }, { key: 'order-42' })).rejects.toThrow(KeyConflictError);
    expect(await counts(job.queue)).toMatchObject({ waiting: 0, active: 0 });
    expect(await producer.wait(second)).toEqual({ charged: 5 });
  });

  it('stands for a job that failed for good', async () => {
    const job = jobOf(() => {
      throw new BusinessError('card declined');
    });
    await pool().worker([job]);
    const producer = pool().producer();
    const first = await producer.enqueue(job, { a: 1 }, { key: 'order-42' });
    await expect(producer.wait(first)).rejects.toThrow('card declined');

    expect(await producer.enqueue(job, { a: 1 }, { key: 'order-42' })).toMatchObject({ id: first.id, duplicate: true });
  });

  it.each(['redriven', 'purged'])('is open again when that one was %s', async (how) => {
    let declines = true;
    const job = jobOf(() => {
      if (declines) throw new BusinessError('card declined');
      return 'charged';
    });
    await pool().worker([job]);
    const producer = pool().producer();
    const first = await producer.enqueue(job, { a: 1 }, { key: 'order-42' });
    await expect(producer.wait(first)).rejects.toThrow('card declined');
    declines = false;

    const letters = pool().deadLetters(job.queue);
    if (how === 'redriven') await letters.redrive({ deadId: first.id, id: first.id }, { by: 'ada@host' });
    else await letters.purge({ deadId: first.id });
    const again = await producer.enqueue(job, { a: 1 }, { key: 'order-42' });

    expect(await producer.wait(again)).toBe('charged');
    expect(again.duplicate).toBe(how === 'redriven');
  });

  it('is free again when its job was given up after all attempts: the work is not done', async () => {
    let fails = true;
    const job = jobOf(
      () => {
        if (fails) throw new Error('ECONNREFUSED');
        return 'done';
      },
      { retry: { attempts: 1 } },
    );
    await pool().worker([job]);
    const producer = pool().producer();
    await expect(producer.wait(await producer.enqueue(job, { a: 1 }, { key: 'order-42' }))).rejects.toThrow('ECONN');

    fails = false;
    const second = await producer.enqueue(job, { a: 1 }, { key: 'order-42' });

    expect(second.duplicate).toBe(false);
    expect(await producer.wait(second)).toBe('done');
  });
});

describe('a redrive of a job with a key', () => {
  it('repeats what another job of the key has done since, and does not do it again', async () => {
    let fails = true;
    const runs: string[] = [];
    const job = jobOf(
      () => {
        if (fails) throw new Error('ECONNREFUSED');
        runs.push('run');
        return 'done';
      },
      { retry: { attempts: 1 } },
    );
    await pool().worker([job]);
    const producer = pool().producer();
    const first = await producer.enqueue(job, { a: 1 }, { key: 'order-42' });
    await expect(producer.wait(first)).rejects.toThrow('ECONN');
    fails = false;
    expect(await producer.wait(await producer.enqueue(job, { a: 1 }, { key: 'order-42' }))).toBe('done');
    await pool().client.del(pool().keyspace.queue(job.queue.name, first.id));

    await pool().deadLetters(job.queue).redrive({ deadId: first.id, id: first.id }, { by: 'ada@host' });

    await eventually(
      'it has ended',
      async () => (await pool().inspector.job(job.queue.name, first.id))?.state === 'completed',
    );
    expect((await pool().inspector.job(job.queue.name, first.id))?.result).toBe('done');
    expect(runs).toHaveLength(1);
  });
});

describe('a job whose key cannot be made', () => {
  it('fails as when its handler had thrown, and is given up', async () => {
    const job = jobOf(() => 'never', {
      retry: { attempts: 2, base: 1, cap: 1 },
      idempotencyKey: () => {
        throw new TypeError('no order');
      },
    });
    const plain = plainQueue(job.queue);
    await plain.add(job.kind, {}, { jobId: 'one' });

    await pool().worker([job]);

    const letter = await eventually('it is dead-lettered', () => pool().deadLetters(job.queue).get('one'));
    expect(letter).toMatchObject({ reason: 'attempts_exhausted', error: { message: 'no order' } });
  });
});

function plainQueue(queue: QueueDefinition): Queue {
  const plain = new Queue(queue.name, {
    connection: { url: pool().url },
    prefix: pool().keyspace.prefix(queue.name),
  });
  onTestFinished(() => plain.close());
  return plain;
}

describe('jobs that plain BullMQ wrote under one key', () => {
  it('are done once, and both have the result', async () => {
    const runs: string[] = [];
    const job = jobOf(
      (_payload, { jobId, fence }) => {
        runs.push(jobId);
        return { fence };
      },
      { idempotencyKey: ({ orderId }) => String(orderId) },
    );
    const plain = plainQueue(job.queue);
    await plain.addBulk(['one', 'two'].map((jobId) => ({ name: job.kind, data: { orderId: 42 }, opts: { jobId } })));

    await pool().worker([job], { worker: { concurrency: 1 } });

    const ended = await eventually('both are completed', async () => {
      const views = await Promise.all(['one', 'two'].map((id) => pool().inspector.job(job.queue.name, id)));
      return views.every((view) => view?.state === 'completed') ? views : undefined;
    });
    expect(runs).toEqual(['one']);
    expect(ended.map((view) => view?.result)).toEqual([{ fence: 1 }, { fence: 1 }]);
  });

  it('are not run at the same time', async () => {
    let release: (value: string) => void = () => undefined;
    const done = new Promise<string>((resolve) => {
      release = resolve;
    });
    const runs: string[] = [];
    const job = jobOf(
      (_payload, { jobId }) => {
        runs.push(jobId);
        return done;
      },
      { idempotencyKey: () => 'one' },
    );
    const plain = plainQueue(job.queue);
    await plain.addBulk(['one', 'two'].map((jobId) => ({ name: job.kind, data: {}, opts: { jobId } })));

    await pool().worker([job], { worker: { concurrency: 2 } });

    const parked = await eventually('the other waits', async () => {
      const views = await Promise.all(['one', 'two'].map((id) => pool().inspector.job(job.queue.name, id)));
      return views.find((view) => view?.parkedFor === 'key_busy');
    });
    expect(parked).toMatchObject({ state: 'delayed', attemptsMade: 0 });
    expect(runs).toHaveLength(1);
    release('done');
  });

  it('with another payload are dead-lettered, and not run', async () => {
    const runs: string[] = [];
    const job = jobOf(
      (_payload, { jobId }) => {
        runs.push(jobId);
      },
      { idempotencyKey: ({ orderId }) => String(orderId) },
    );
    const plain = plainQueue(job.queue);
    await plain.add(job.kind, { orderId: 42, amount: 1 }, { jobId: 'one' });
    await plain.add(job.kind, { orderId: 42, amount: 2 }, { jobId: 'two' });

    await pool().worker([job], { worker: { concurrency: 1 } });

    const letter = await eventually('one is dead-lettered', () => pool().deadLetters(job.queue).get('two'));
    expect(letter).toMatchObject({
      reason: 'key_conflict',
      attempts: [],
      error: {
        message: expect.stringContaining('the idempotency key that charge gives it was given to another payload'),
      },
    });
    expect(runs).toEqual(['one']);
  });

  it('are committed also when their end is written by BullMQ: one with a deduplication id', async () => {
    const runs: string[] = [];
    const job = jobOf(
      (_payload, { jobId }) => {
        runs.push(jobId);
        return 7;
      },
      { idempotencyKey: () => 'one' },
    );
    const plain = plainQueue(job.queue);
    await plain.add(job.kind, {}, { jobId: 'one', deduplication: { id: 'd' } });
    await plain.add(job.kind, {}, { jobId: 'two' });

    await pool().worker([job], { worker: { concurrency: 1 } });

    await eventually('both are completed', async () => (await counts(job.queue)).completed === 2);
    expect(runs).toEqual(['one']);
    expect((await pool().inspector.job(job.queue.name, 'two'))?.result).toBe(7);
  });
});
