import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/job/define-job.js';
import { defineQueue } from '../../../src/job/define-queue.js';
import { DefinitionError } from '../../../src/job/definition-error.js';
import { PayloadInvalidError, PayloadTooLargeError } from '../../../src/job/payload.js';
import { createProducer } from '../../../src/producer/create-producer.js';
import type { EnqueueOptions } from '../../../src/producer/enqueue-options.js';
import { RedisUnavailableError } from '../../../src/redis/redis-unavailable-error.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { recordingLog } from '../service/recording-log.js';

const sendReceipt = defineJob({
  kind: 'send-receipt',
  queue: defineQueue({ name: 'email' }),
  payload: z.object({ orderId: z.string(), note: z.unknown().optional() }),
  run: () => undefined,
});

/** A producer that has no Redis to talk to: what it refuses before that, it refuses without. */
function startProducer() {
  const metrics = createMetrics({ role: 'producer', version: '1.2.3' });
  const producer = createProducer({
    redis: { url: 'redis://127.0.0.1:1', connectTimeoutMs: '100ms' },
    job: { maxPayloadBytes: '1KiB' },
    log: recordingLog().log,
    metrics,
  });
  const rejected = async (): Promise<string[]> => {
    const page = await metrics.render();
    return page
      .split('\n')
      .filter((line) => line.startsWith('bulwark_enqueue_rejected_total{'))
      .map((line) => line.replace(/.*reason="(\w+)".* (\d+)$/, '$1 $2'));
  };
  return { producer, rejected };
}

const throws = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

describe('a producer', () => {
  it.each<[string, unknown, string]>([
    ['a misspelt option', { kee: '5' }, 'enqueue: kee is not an option; did you mean key?'],
    ['a name that every object knows', { constructor: 5 }, 'enqueue: constructor is not an option'],
    ['a key that is a number', { key: 5 }, 'enqueue: key must be a string, got a number'],
    ['a key that is null', { key: null }, 'enqueue: key must be a string, got null'],
    ['a tenant that is an object', { tenant: {} }, 'enqueue: tenant must be a string, got an object'],
    ['a key in place of the options', 'order-5', 'enqueue: the argument must be an object of options, got a string'],
  ])('refuses %s, for one job and for many', async (_what, options, message) => {
    const { producer } = startProducer();

    const one = await throws(producer.enqueue(sendReceipt, { orderId: '5' }, options as EnqueueOptions));
    const many = await throws(producer.enqueueMany(sendReceipt, [{ orderId: '5' }], options as EnqueueOptions));

    for (const error of [one, many]) {
      expect(error).toBeInstanceOf(DefinitionError);
      expect(error).toMatchObject({ message: expect.stringContaining(message) });
    }
  });

  it('refuses a payload that does not fit, with the path of the fault, and counts it', async () => {
    const { producer, rejected } = startProducer();

    const error = await throws(producer.enqueue(sendReceipt, { orderId: 42 as unknown as string }));

    expect(error).toBeInstanceOf(PayloadInvalidError);
    expect(error).toMatchObject({ faults: [{ path: 'orderId' }] });
    expect(await rejected()).toEqual(['invalid 1']);
  });

  it('says which of many payloads it is', async () => {
    const { producer } = startProducer();
    const payloads = [{ orderId: '1' }, { orderId: 2 as unknown as string }];

    const error = await throws(producer.enqueueMany(sendReceipt, payloads));

    expect((error as Error).message).toMatch(/^the payload of send-receipt at index 1 does not fit its schema:/);
  });

  it('refuses a payload that is too large', async () => {
    const { producer, rejected } = startProducer();

    const error = await throws(producer.enqueue(sendReceipt, { orderId: 'x'.repeat(2_000) }));

    expect(error).toBeInstanceOf(PayloadTooLargeError);
    expect(await rejected()).toEqual(['too_large 1']);
  });

  it.each<[string, unknown]>([
    ['a BigInt', 7n],
    ['itself', roundTrip()],
  ])('refuses a payload that holds %s, which cannot be written as JSON', async (_what, note) => {
    const { producer } = startProducer();

    const error = await throws(producer.enqueue(sendReceipt, { orderId: '42', note }));

    expect(error).toBeInstanceOf(PayloadInvalidError);
    expect((error as Error).message).toContain('cannot be written as JSON');
  });

  it.each<[string, EnqueueOptions, RegExp]>([
    ['a priority below zero', { priority: -1 }, /priority must be a whole number from 0 .* got -1/],
    ['half a priority', { priority: 1.5 }, /priority must be/],
    ['a priority that is none', { priority: Number.NaN }, /priority must be/],
    ["a priority beyond BullMQ's last", { priority: 2_097_152 }, /to 2097151, got 2097152/],
    ['a delay that is none', { delay: 'soon' as '1s' }, /expected a duration/],
    ['an end that is none', { expiresIn: 'never' as '1s' }, /expected a duration/],
  ])('refuses %s', async (_what, options, message) => {
    const { producer } = startProducer();

    const error = await throws(producer.enqueue(sendReceipt, { orderId: '42' }, options));

    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(message);
  });

  it('refuses one key for many payloads, of which all but one would be lost', async () => {
    const { producer } = startProducer();

    const error = await throws(producer.enqueueMany(sendReceipt, [{ orderId: '1' }, { orderId: '2' }], { key: 'k' }));

    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toMatch(/^one key for 2 payloads/);
  });

  it('says that Redis cannot be reached, counts it, and tries again with the next job', async () => {
    const { producer, rejected } = startProducer();

    const first = await throws(producer.enqueue(sendReceipt, { orderId: '42' }));
    const second = await throws(producer.enqueue(sendReceipt, { orderId: '42' }));

    expect(first).toBeInstanceOf(RedisUnavailableError);
    expect(second).toBeInstanceOf(RedisUnavailableError);
    expect(second).not.toBe(first);
    expect(await rejected()).toEqual(['unavailable 2']);
  });

  it('can be closed before it was used, and twice', async () => {
    const { producer } = startProducer();

    await producer.close();
    await producer.close();
  });

  it('can be closed while it fails to connect', async () => {
    const { producer } = startProducer();
    const enqueued = throws(producer.enqueue(sendReceipt, { orderId: '42' }));
    await new Promise((resolve) => setTimeout(resolve, 20));

    await producer.close();

    expect(await enqueued).toBeInstanceOf(RedisUnavailableError);
  });
});

function roundTrip(): unknown {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}
