import { setTimeout as sleep } from 'node:timers/promises';
import { context, propagation, trace } from '@opentelemetry/api';
import type { Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type AnyJobDefinition,
  defineDependency,
  defineJob,
  type JobContext,
  type JobOptions,
  TransientError,
} from '../../../src/index.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { startTracing, type Tracing } from '../../../src/telemetry/tracing/start-tracing.js';
import { eventually } from '../../support/eventually.js';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../support/otlp-receiver.js';
import { plainBullmq } from '../interop/bullmq.js';
import { signal } from '../worker-pool/signal.js';
import { silent, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const secret = 'payload-nobody-may-see';
const order = z.object({ secret: z.string() });

let receiver: OtlpReceiver;
let tracing: Tracing | undefined;

/** Turns the traces of this process on, as a worker process does. */
async function startSending(sampler = 'parentbased_always_on'): Promise<void> {
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = receiver.url;
  process.env['OTEL_TRACES_SAMPLER'] = sampler;
  tracing = await startTracing(['otlp'], 'worker', silent);
}

/** Everything that was traced, after which nobody traces any more. */
async function received(): Promise<readonly ReceivedSpan[]> {
  await tracing?.stop();
  return receiver.spans;
}

beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(async () => {
  await tracing?.stop();
  tracing = undefined;
  trace.disable();
  context.disable();
  propagation.disable();
  await receiver.close();
});

const named = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);
const only = (spans: readonly ReceivedSpan[], name: string): ReceivedSpan => {
  const found = named(spans, name);
  expect(found, name).toHaveLength(1);
  return found[0] as ReceivedSpan;
};

function jobOf(run: JobOptions<typeof order, unknown>['run']) {
  return defineJob<typeof order, unknown>({
    kind: 'do',
    queue: pool().queue(),
    payload: order,
    retry: { attempts: 2, base: 1, cap: 1 },
    run,
  });
}

const hasCompleted = async ({ queue }: AnyJobDefinition, count: number) =>
  (await pool().inspector.sample(queue.name)).completed === count;

describe('a trace', () => {
  it('leads from the producer over a retry, a step and a call to a child job, and shows nobody a payload', async () => {
    await startSending();
    const producer = pool().producer();
    const smtp = defineDependency({ name: 'smtp' });
    const child = defineJob({ kind: 'child', queue: pool().queue(), payload: order, run: () => secret });
    let insideCall: string | undefined;
    const parent = defineJob({
      kind: 'parent',
      queue: pool().queue(),
      payload: order,
      retry: { attempts: 3, base: 1, cap: 1 },
      run: async (payload, ctx: JobContext) => {
        await ctx.step('reserve', () => secret);
        if (ctx.attempt === 1) throw new TransientError('redis://me:hunter2@there refused');
        await ctx.call(smtp, () => {
          insideCall = trace.getActiveSpan()?.spanContext().spanId;
          return secret;
        });
        await producer.enqueue(child, payload, { key: `key-${secret}` });
        return payload;
      },
    });
    const worker = await pool().worker([parent, child]);

    const enqueued = await producer.enqueue(parent, { secret }, { tenant: 'acme' });
    await eventually(
      'the child has completed',
      async () => (await pool().inspector.sample(child.queue.name)).completed === 1,
    );
    await worker.stop();
    const spans = await received();

    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const send = only(spans, `send ${parent.queue.name}`);
    expect(send).toMatchObject({
      kind: 4,
      parentSpanId: undefined,
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.destination.name': parent.queue.name,
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.message.id': enqueued.id,
        'bulwark.kind': 'parent',
        'bulwark.tenant': 'acme',
      },
    });
    const attempts = named(spans, `process ${parent.queue.name}`);
    expect(attempts).toMatchObject([
      {
        kind: 5,
        parentSpanId: send.spanId,
        failed: true,
        message: 'redis://me:[redacted]@there refused',
        attributes: {
          'messaging.operation.type': 'process',
          'messaging.message.id': enqueued.id,
          'bulwark.attempt': 1,
          'bulwark.outcome': 'retried',
          'bulwark.error.class': 'transient',
          'error.type': 'TransientError',
        },
        events: [{ name: 'exception' }],
      },
      {
        parentSpanId: send.spanId,
        failed: false,
        attributes: { 'bulwark.attempt': 2, 'bulwark.outcome': 'completed' },
      },
    ]);
    const last = attempts[1]?.spanId;
    const call = only(spans, 'call smtp');
    expect(call).toMatchObject({
      kind: 3,
      parentSpanId: last,
      failed: false,
      attributes: { 'peer.service': 'smtp', 'bulwark.call.result': 'answered' },
    });
    expect(insideCall).toBe(call.spanId);
    expect(named(spans, 'step reserve').map((step) => [step.parentSpanId, step.attributes])).toEqual([
      [attempts[0]?.spanId, { 'bulwark.step.replayed': false }],
      [last, { 'bulwark.step.replayed': true }],
    ]);
    const sendChild = only(spans, `send ${child.queue.name}`);
    expect(sendChild.parentSpanId).toBe(last);
    expect(only(spans, `process ${child.queue.name}`).parentSpanId).toBe(sendChild.spanId);
    expect(receiver.text()).not.toContain(secret);
    expect(receiver.text()).not.toContain('hunter2');
  });

  it('is its own for each job of a batch, with a link to the enqueue', async () => {
    await startSending();
    const job = jobOf(() => undefined);
    const worker = await pool().worker([job]);

    const enqueued = await pool().producer().enqueueMany(job, [{ secret }, { secret }]);
    await eventually('both have completed', () => hasCompleted(job, 2));
    await worker.stop();
    const spans = await received();

    const send = only(spans, `send ${job.queue.name}`);
    expect(send.attributes).toMatchObject({ 'messaging.batch.message_count': 2 });
    const attempts = named(spans, `process ${job.queue.name}`);
    expect(attempts.map(({ attributes }) => attributes['messaging.message.id']).sort()).toEqual(
      enqueued.map(({ id }) => id).sort(),
    );
    for (const { parentSpanId, traceId, links } of attempts) {
      expect(parentSpanId).toBeUndefined();
      expect(traceId).not.toBe(send.traceId);
      expect(links).toEqual([{ traceId: send.traceId, spanId: send.spanId }]);
    }
  });

  it('tells of a call that failed, and of an enqueue that was refused', async () => {
    await startSending();
    const smtp = defineDependency({ name: 'smtp' });
    const job = jobOf((_payload, ctx) => ctx.call(smtp, () => Promise.reject(new RangeError('no room'))));
    const worker = await pool().worker([job]);
    const producer = pool().producer();

    await producer.enqueue(job, { secret });
    await eventually('it has died', async () => (await pool().inspector.sample(job.queue.name)).dead_lettered === 1);
    await expect(producer.enqueue(job, { secret: 7 } as never)).rejects.toThrow();
    await worker.stop();
    const spans = await received();

    expect(named(spans, 'call smtp').at(-1)).toMatchObject({
      failed: true,
      message: 'no room',
      attributes: { 'bulwark.call.result': 'failed', 'error.type': 'RangeError' },
    });
    expect(named(spans, `process ${job.queue.name}`).at(-1)).toMatchObject({
      failed: true,
      attributes: { 'bulwark.outcome': 'dead_lettered', 'bulwark.reason': 'attempts_exhausted' },
    });
    expect(
      named(spans, `send ${job.queue.name}`).map(({ failed, attributes }) => [failed, attributes['error.type']]),
    ).toEqual([
      [false, undefined],
      [true, 'PayloadInvalidError'],
    ]);
  });

  it('leads to log lines and to histograms', async () => {
    await startSending();
    const lines: Record<string, unknown>[] = [];
    const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
    const log = createLogger({ level: 'info', format: 'json', role: 'worker', stream: { write } });
    const metrics = createMetrics({ role: 'worker', version: '1.2.3' });
    const job = jobOf((_payload, ctx) => {
      ctx.log.info('of the job');
      log.info('of the process');
      if (ctx.attempt === 1) throw new TransientError('once more');
    });
    const worker = await pool().worker([job], { log, metrics });

    await pool().producer().enqueue(job, { secret });
    await eventually('it has completed', () => hasCompleted(job, 1));
    await worker.stop();
    const [first, second] = named(await received(), `process ${job.queue.name}`);

    const idsOf = (event: string) =>
      lines.filter(({ msg }) => msg === event).map((line) => [line['trace_id'], line['span_id']]);
    const ids = [first, second].map((span) => [span?.traceId, span?.spanId]);
    expect(idsOf('of the job')).toEqual(ids);
    expect(idsOf('of the process')).toEqual(ids);
    expect(idsOf('job.retried')).toEqual([ids[0]]);
    expect(idsOf('worker.started')).toEqual([[undefined, undefined]]);
    const page = await metrics.render();
    expect(page).toMatch(new RegExp(`^bulwark_job_wait_seconds_bucket.* # \\{trace_id="${first?.traceId}"`, 'm'));
    expect(page).toMatch(
      new RegExp(
        `^bulwark_job_duration_seconds_bucket.*outcome="completed".* # \\{trace_id="${second?.traceId}"\\} `,
        'm',
      ),
    );
  });
});

describe('one job in four that is sampled', () => {
  it('is followed through everything that it awaits, and nothing of the others is', async () => {
    await startSending('parentbased_always_off');
    const producer = pool().producer();
    const child = defineJob({ kind: 'child', queue: pool().queue(), payload: order, run: () => undefined });
    const job = jobOf(async (payload) => {
      for (let n = 0; n < 5; n++) await sleep(n % 2);
      await producer.enqueue(child, payload);
    });
    const traceIds = Array.from({ length: 10 }, (_, n) => `${n}`.repeat(31).concat('a'));
    for (const traceId of traceIds) {
      await producer.enqueue(job, { secret }, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
      for (let n = 0; n < 3; n++) await producer.enqueue(job, { secret });
    }

    const worker = await pool().worker([job, child]);
    await eventually('all have completed', () => hasCompleted(job, 40));
    await eventually('their children too', () => hasCompleted(child, 40));
    await worker.stop();
    const spans = await received();

    const nameOf = (id: string | undefined) => spans.find(({ spanId }) => spanId === id)?.name;
    for (const traceId of traceIds) {
      const links = spans
        .filter((span) => span.traceId === traceId)
        .map((span) => [nameOf(span.parentSpanId), span.name]);
      expect(new Set(links)).toEqual(
        new Set([
          [undefined, `send ${job.queue.name}`],
          [`send ${job.queue.name}`, `process ${job.queue.name}`],
          [`process ${job.queue.name}`, `send ${child.queue.name}`],
          [`send ${child.queue.name}`, `process ${child.queue.name}`],
        ]),
      );
    }
    expect(spans).toHaveLength(traceIds.length * 4);
  });
});

describe('beside plain BullMQ', () => {
  const traceId = '0af7'.repeat(8);
  const metadata = JSON.stringify({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` });

  it('a trace goes on from its producers to our workers', async () => {
    await startSending();
    const job = jobOf(() => undefined);
    const worker = await pool().worker([job]);

    await plainBullmq(pool(), job.queue.name).queue().add('do', { secret }, { telemetry: { metadata } });
    await eventually('it has completed', () => hasCompleted(job, 1));
    await worker.stop();

    expect(only(await received(), `process ${job.queue.name}`)).toMatchObject({
      traceId,
      parentSpanId: '00f067aa0ba902b7',
    });
  });

  it('a trace goes on from our producers to its workers', async () => {
    await startSending();
    const job = jobOf(() => undefined);
    const seen = signal<Job>();
    plainBullmq(pool(), job.queue.name).worker(async (one) => seen.send(one));

    await pool().producer().enqueue(job, { secret });
    const { opts } = await seen.promise;
    const send = only(await received(), `send ${job.queue.name}`);

    expect(JSON.parse(opts.telemetry?.metadata ?? '')).toEqual({ traceparent: `00-${send.traceId}-${send.spanId}-01` });
  });
});

describe('where nobody follows', () => {
  /** What lies in Redis of a job beside its payload. */
  async function storedOptions(job: AnyJobDefinition): Promise<Record<string, unknown>> {
    const { id } = await pool()
      .producer()
      .enqueue(job, { secret } as never);
    const opts = await pool().client.hget(pool().keyspace.queue(job.queue.name, id), 'opts');
    const { jobId: _id, bw, ...others } = JSON.parse(opts ?? '') as Record<string, object>;
    return { ...others, bw: Object.keys(bw ?? {}) };
  }

  it('a job carries nothing, whether nobody traces or it is not sampled', async () => {
    const job = jobOf(() => undefined);

    const untraced = await storedOptions(job);
    await startSending('always_off');
    const unsampled = await storedOptions(job);

    expect(untraced).toEqual({ bw: ['version', 'producer'] });
    expect(unsampled).toEqual(untraced);
    expect(await received()).toEqual([]);
  });

  it('a job carries what its producer asked for', async () => {
    const job = jobOf(() => undefined);
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const producer = pool().producer();

    const { id } = await producer.enqueue(job, { secret }, { traceparent });

    const view = await pool().inspector.job(job.queue.name, id);
    expect(JSON.parse(view?.carrier ?? '')).toEqual({ traceparent });
  });

  it('what a handler begins is not followed either', async () => {
    await startSending('parentbased_always_off');
    const flags: unknown[] = [];
    const job = jobOf(() => flags.push(trace.getActiveSpan()?.spanContext().traceFlags));
    const worker = await pool().worker([job]);

    await pool().producer().enqueue(job, { secret });
    await eventually('it has completed', () => hasCompleted(job, 1));
    await worker.stop();

    expect(flags).toEqual([0]);
    expect(await received()).toEqual([]);
  });
});
