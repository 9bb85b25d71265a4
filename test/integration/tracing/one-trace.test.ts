import { context, propagation, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineDependency, defineJob, type JobContext, TransientError } from '../../../src/index.js';
import { startTracing, type Tracing } from '../../../src/telemetry/tracing/start-tracing.js';
import { eventually } from '../../support/eventually.js';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../support/otlp-receiver.js';
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
});
