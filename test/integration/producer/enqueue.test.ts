import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineJob,
  type EnqueueOptions,
  JobFailedError,
  type JobOptions,
  KeyConflictError,
  PayloadInvalidError,
  PayloadTooLargeError,
  type QueueDefinition,
  WaitTimeoutError,
} from '../../../src/index.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

const order = z.object({ id: z.number(), note: z.string().optional() });

function orderJob(options: Partial<JobOptions<typeof order, unknown>> = {}) {
  return defineJob<typeof order, unknown>({
    kind: 'order',
    queue: pool().queue(),
    payload: order,
    run: ({ id }) => ({ done: id }),
    ...options,
  });
}

const waiting = async (queue: QueueDefinition) => (await pool().inspector.sample(queue.name)).waiting;

describe('enqueue', () => {
  it('writes the payload as it was given, and what goes with it beside it', async () => {
    const job = orderJob();

    const enqueued = await pool()
      .producer()
      .enqueue(job, { id: 1 }, { key: 'k', tenant: 't', expiresIn: '1h', priority: 3 });

    const view = await pool().inspector.job(job.queue.name, enqueued.id);
    expect(view).toMatchObject({
      state: 'prioritized',
      kind: 'order',
      payload: { id: 1 },
      meta: {
        version: 1,
        key: 'k',
        tenant: 't',
        producer: expect.stringContaining(`producer-${process.pid}`),
      },
    });
    expect(view?.meta.deadline).toBe((view?.enqueuedAt ?? 0) + 3_600_000);
  });

  it('makes one job of the same key, however often and from wherever it comes', async () => {
    const job = orderJob();
    const producers = [pool().producer(), pool().producer(), pool().producer()];

    const enqueued = await Promise.all(
      Array.from({ length: 30 }, (_, n) => producers[n % 3]?.enqueue(job, { id: 1 }, { key: 'one' })),
    );

    expect(new Set(enqueued.map((each) => each?.id)).size).toBe(1);
    expect(await waiting(job.queue)).toBe(1);
  });

  it('makes one job of payloads with the key that their kind gives them, and none of another payload with it', async () => {
    const job = orderJob({ idempotencyKey: ({ id }) => String(id) });
    const producer = pool().producer();

    await producer.enqueue(job, { id: 1, note: 'first' });
    const again = await producer.enqueue(job, { note: 'first', id: 1 });
    await producer.enqueue(job, { id: 2 });

    expect(again).toMatchObject({ key: '1', duplicate: true });
    await expect(producer.enqueue(job, { id: 1, note: 'second' })).rejects.toThrow(KeyConflictError);
    expect(await waiting(job.queue)).toBe(2);
  });

  it('keeps the keys of tenants and of kinds apart', async () => {
    const job = orderJob();
    const other = orderJob({ kind: 'other', queue: job.queue });
    const producer = pool().producer();

    const ids = [
      await producer.enqueue(job, { id: 1 }, { key: 'k' }),
      await producer.enqueue(job, { id: 1 }, { key: 'k', tenant: 'a' }),
      await producer.enqueue(job, { id: 1 }, { key: 'k', tenant: 'b' }),
      await producer.enqueue(other, { id: 1 }, { key: 'k' }),
    ].map(({ id }) => id);

    expect(new Set(ids).size).toBe(4);
    expect(await waiting(job.queue)).toBe(4);
  });

  it('gives back the finished job of a key for as long as it is kept, and a new one after it died', async () => {
    const runs: number[] = [];
    const job = orderJob({
      retry: { attempts: 1 },
      run: ({ id }) => {
        runs.push(id);
        if (id < 0) throw new Error('negative');
        return id;
      },
    });
    await pool().worker([job]);
    const producer = pool().producer();

    const first = await producer.wait(await producer.enqueue(job, { id: 1 }, { key: 'done' }));
    const again = await producer.wait(await producer.enqueue(job, { id: 1 }, { key: 'done' }));
    await expect(producer.wait(await producer.enqueue(job, { id: -1 }, { key: 'dead' }))).rejects.toThrow('negative');
    const revived = await producer.wait(await producer.enqueue(job, { id: 3 }, { key: 'dead' }));

    expect([first, again, revived]).toEqual([1, 1, 3]);
    expect(runs).toEqual([1, -1, 3]);
  });

  it('refuses a payload that does not fit, with the path of each fault, and writes nothing', async () => {
    const job = defineJob({
      kind: 'deep',
      queue: pool().queue(),
      payload: z.object({ lines: z.array(z.object({ sku: z.string() })), to: z.email() }),
      run: () => undefined,
    });
    const producer = pool().producer();
    const before = await pool().dump();

    const refused = producer.enqueue(job, { lines: [{ sku: 'a' }, { sku: 7 as never }], to: 'nobody' });

    await expect(refused).rejects.toThrow(PayloadInvalidError);
    await expect(refused).rejects.toMatchObject({
      faults: [{ path: 'lines[1].sku' }, { path: 'to' }],
    });
    expect(await pool().dump()).toEqual(before);
  });

  it.each<[string, unknown]>([
    [
      'what points to itself',
      Object.assign(
        {},
        {
          get self() {
            return this;
          },
        },
      ),
    ],
    ['a bigint', { n: 1n }],
  ])('refuses %s, which JSON cannot hold, and writes nothing', async (_what, payload) => {
    const job = defineJob({ kind: 'any', queue: pool().queue(), payload: z.any(), run: () => undefined });
    const before = await pool().dump();

    await expect(pool().producer().enqueue(job, payload)).rejects.toThrow(PayloadInvalidError);

    expect(await pool().dump()).toEqual(before);
  });

  it('refuses a payload that is too large, and writes nothing', async () => {
    const job = orderJob();
    const metrics = createMetrics({ role: 'producer', version: '0' });
    const producer = pool().producer({ job: { maxPayloadBytes: 1_024 }, metrics });
    const before = await pool().dump();

    await expect(producer.enqueue(job, { id: 1, note: 'x'.repeat(2_000) })).rejects.toThrow(PayloadTooLargeError);

    expect(await pool().dump()).toEqual(before);
    expect(await metrics.render()).toMatch(/enqueue_rejected_total\{[^}]*reason="too_large"[^}]*\} 1/);
  });

  it('takes a payload of exactly as many bytes as it may have, alone and among others', async () => {
    const job = orderJob();
    const payload = { id: 1, note: 'ü'.repeat(1_000) };
    const bytes = Buffer.byteLength(JSON.stringify(payload));
    const [enough, tooLittle] = [bytes, bytes - 1].map((maxPayloadBytes) =>
      pool().producer({ job: { maxPayloadBytes } }),
    );

    await expect(enough?.enqueue(job, payload)).resolves.toBeDefined();
    await expect(enough?.enqueueMany(job, [payload, payload])).resolves.toHaveLength(2);
    await expect(tooLittle?.enqueue(job, payload)).rejects.toThrow(PayloadTooLargeError);
    await expect(tooLittle?.enqueueMany(job, [payload, payload])).rejects.toThrow(PayloadTooLargeError);
  });

  it('connects anew when it is used after it was closed', async () => {
    const job = orderJob();
    const producer = pool().producer();
    await producer.enqueue(job, { id: 1 });

    await producer.close();

    await expect(producer.enqueue(job, { id: 2 })).resolves.toMatchObject({ duplicate: false });
  });

  it.each([-1, 1.5, 2_097_152, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses priority %d, which would leave the order, and writes nothing',
    async (priority) => {
      const before = await pool().dump();

      await expect(pool().producer().enqueue(orderJob(), { id: 1 }, { priority })).rejects.toThrow('priority');

      expect(await pool().dump()).toEqual(before);
    },
  );
});

describe('enqueueMany', () => {
  it('writes 1,000 jobs in their order', async () => {
    const job = orderJob();
    const metrics = createMetrics({ role: 'producer', version: '0' });

    const enqueued = await pool()
      .producer({ metrics })
      .enqueueMany(
        job,
        Array.from({ length: 1_000 }, (_, id) => ({ id })),
      );

    const ids = await pool().client.lrange(pool().keyspace.queue(job.queue.name, 'wait'), 0, -1);
    expect(ids).toHaveLength(1_000);
    expect(ids.reverse()).toEqual(enqueued.map(({ id }) => id));
    expect(await metrics.render()).toMatch(/jobs_enqueued_total\{[^}]*\} 1000/);
  });

  it('writes none when one of many does not fit, and says which', async () => {
    const job = orderJob();
    const payloads = Array.from({ length: 500 }, (_, id) => ({ id }));
    payloads[321] = { id: 'three' as never };
    const before = await pool().dump();

    const refused = pool().producer().enqueueMany(job, payloads);

    await expect(refused).rejects.toThrow(/at index 321/);
    expect(await pool().dump()).toEqual(before);
  });

  it('writes none when one of many cannot be JSON or is too long, whatever the others are', async () => {
    const job = defineJob({ kind: 'any', queue: pool().queue(), payload: z.any(), run: () => undefined });
    const producer = pool().producer({ job: { maxPayloadBytes: 1_024 } });
    const payloads = (bad: unknown) => Array.from({ length: 500 }, (_, id) => (id === 400 ? bad : { id }));
    const before = await pool().dump();

    await expect(producer.enqueueMany(job, payloads({ id: 7n }))).rejects.toThrow(/cannot be written as JSON/);
    await expect(producer.enqueueMany(job, payloads({ id: 'x'.repeat(1_024) }))).rejects.toThrow(PayloadTooLargeError);
    expect(await pool().dump()).toEqual(before);
  });

  it('writes what was checked, when the caller uses its payloads for something else meanwhile', async () => {
    const job = orderJob();
    const payloads = Array.from({ length: 600 }, (_, id) => ({ id }));

    const enqueueing = pool().producer().enqueueMany(job, payloads);
    for (const payload of payloads) payload.id = -1;
    payloads.length = 0;
    const enqueued = await enqueueing;

    const last = await pool().inspector.job(job.queue.name, enqueued[599]?.id ?? '');
    expect(last?.payload).toEqual({ id: 599 });
  });

  it('writes payloads that are no plain data as their JSON tells them', async () => {
    const job = defineJob({ kind: 'any', queue: pool().queue(), payload: z.any(), run: () => undefined });
    const odd = [{ at: new Date(0) }, 'text', { a: { toJSON: () => 'told' } }, null, [1, undefined]];

    const enqueued = await pool().producer().enqueueMany(job, odd);

    const written = await Promise.all(enqueued.map(({ id }) => pool().inspector.job(job.queue.name, id)));
    expect(written.map((view) => view?.payload)).toEqual(JSON.parse(JSON.stringify(odd)));
  });

  it('keeps jobs apart that come at the same moment and have little in common', async () => {
    const queue = pool().queue();
    const [order, refund] = [orderJob({ queue }), orderJob({ queue, kind: 'refund' })];
    const producer = pool().producer();
    await producer.enqueue(order, { id: 0 }, { key: 'taken' });

    const wishes: EnqueueOptions[] = [
      {},
      {},
      { key: 'mine' },
      { priority: 3 },
      { delay: '1m' },
      { tenant: 'acme' },
      { tenant: 'acme', expiresIn: '1h' },
      { key: 'taken' },
      { key: 'mine', tenant: 'acme' },
      {},
    ];
    const enqueued = await Promise.allSettled(
      wishes.map((options, id) => producer.enqueue(id % 2 === 0 ? order : refund, { id }, options)),
    );

    const views = enqueued.map((each) =>
      each.status === 'fulfilled' ? pool().inspector.job(queue.name, each.value.id) : undefined,
    );
    const [plain, other, keyed, prior, delayed, tenants, bounded, taken, both, last] = await Promise.all(views);
    const producedBy = { version: 1, producer: plain?.meta.producer };
    expect(plain).toMatchObject({ kind: 'order', state: 'waiting', payload: { id: 0 }, meta: producedBy });
    expect(other).toMatchObject({ kind: 'refund', state: 'waiting', payload: { id: 1 }, meta: producedBy });
    expect(keyed).toMatchObject({ kind: 'order', payload: { id: 2 }, meta: { ...producedBy, key: 'mine' } });
    expect(prior).toMatchObject({ kind: 'refund', state: 'prioritized', payload: { id: 3 }, meta: producedBy });
    expect(delayed).toMatchObject({ kind: 'order', state: 'delayed', payload: { id: 4 }, meta: producedBy });
    expect(tenants?.meta).toEqual({ ...producedBy, tenant: 'acme' });
    expect(bounded?.meta).toMatchObject({ tenant: 'acme', deadline: expect.any(Number) });
    expect(taken).toMatchObject({ kind: 'refund', payload: { id: 7 }, meta: { key: 'taken' } });
    expect(both).toMatchObject({ kind: 'order', payload: { id: 8 }, meta: { key: 'mine', tenant: 'acme' } });
    expect(last).toMatchObject({ kind: 'refund', payload: { id: 9 }, meta: producedBy });
  });

  it('fails a job alone whose key stands for another payload', async () => {
    const job = orderJob();
    const producer = pool().producer();
    await producer.enqueue(job, { id: 0 }, { key: 'taken' });

    const enqueued = await Promise.allSettled([
      producer.enqueue(job, { id: 1 }),
      producer.enqueue(job, { id: 2 }, { key: 'taken' }),
      producer.enqueue(job, { id: 3 }, { key: 'free' }),
      producer.enqueue(job, { id: 0 }, { key: 'taken' }),
    ]);

    expect(enqueued.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(enqueued[1]).toMatchObject({ reason: expect.any(KeyConflictError) });
    expect(enqueued[3]).toMatchObject({ value: { duplicate: true } });
    expect(await waiting(job.queue)).toBe(3);
  });

  it('makes one job of each key among many', async () => {
    const job = orderJob({ idempotencyKey: ({ id }) => String(id % 10) });

    await pool()
      .producer()
      .enqueueMany(
        job,
        Array.from({ length: 100 }, (_, n) => ({ id: n % 10 })),
      );

    expect(await waiting(job.queue)).toBe(10);
  });

  it('refuses one key for many payloads, because all but one would be dropped', async () => {
    const job = orderJob();
    const before = await pool().dump();

    const refused = pool()
      .producer()
      .enqueueMany(job, [{ id: 1 }, { id: 2 }], { key: 'same' });

    await expect(refused).rejects.toThrow('key');
    expect(await pool().dump()).toEqual(before);
  });

  it('writes nothing when there is nothing to write', async () => {
    expect(await pool().producer().enqueueMany(orderJob(), [])).toEqual([]);
  });
});

describe('wait', () => {
  it('gives up in time, and the job goes on', async () => {
    const job = orderJob();
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, { id: 1 });

    await expect(producer.wait(enqueued, { timeout: 30 })).rejects.toThrow(WaitTimeoutError);
    await pool().worker([job]);

    expect(await producer.wait(enqueued)).toEqual({ done: 1 });
  });

  it('says why there will be no result', async () => {
    const job = orderJob();
    const producer = pool().producer();
    const enqueued = await producer.enqueue(job, { id: 1 });
    await pool().client.del(pool().keyspace.queue(job.queue.name, enqueued.id));

    const gone = producer.wait(enqueued);

    await expect(gone).rejects.toThrow(JobFailedError);
    await expect(gone).rejects.toThrow('is gone');
  });

  it('ends when it is told to', async () => {
    const producer = pool().producer();
    const enqueued = await producer.enqueue(orderJob(), { id: 1 });

    const waits = producer.wait(enqueued, { signal: AbortSignal.timeout(50) });

    await expect(waits).rejects.toThrow('aborted due to timeout');
  });

  it('tells of the death of this job, not of an older one with its key', async () => {
    const job = orderJob({
      retry: { attempts: 1 },
      run: ({ id }) => {
        throw new Error(`number ${id}`);
      },
    });
    await pool().worker([job]);
    const producer = pool().producer();
    await expect(producer.wait(await producer.enqueue(job, { id: 1 }, { key: 'k' }))).rejects.toThrow('number 1');

    const second = producer.wait(await producer.enqueue(job, { id: 2 }, { key: 'k' }));

    await expect(second).rejects.toThrow('number 2');
  });
});
