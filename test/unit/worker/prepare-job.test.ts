import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, type JobOptions } from '../../../src/job/define-job.js';
import { defineQueue } from '../../../src/job/define-queue.js';
import { KindRegistry } from '../../../src/job/registry.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';
import { decideExpiry, latestStart, type PreparedJob, prepareJob } from '../../../src/worker/prepare-job.js';
import { fetchedJob, momentIn, now } from './fetched-job.js';

const order = z.object({ orderId: z.string(), copies: z.number().default(1) });
type Options = JobOptions<typeof order, unknown>;

const limits = { maxPayloadBytes: 1_000, maxErrorBytes: 500, maxStackBytes: 500, newerVersionDelayMs: 5_000 };

const job = (overrides: Partial<Options> = {}) =>
  defineJob<typeof order, unknown>({
    kind: 'send-receipt',
    queue: defineQueue({ name: 'email' }),
    payload: order,
    run: () => undefined,
    ...overrides,
  });

async function prepare(overrides: Partial<FetchedJob>, definition = job()): Promise<PreparedJob> {
  return prepareJob(fetchedJob(overrides), new KindRegistry([definition]), limits, now);
}

/** Why the job was refused: the reason and the message of its dead letter. */
async function refusal(overrides: Partial<FetchedJob>, definition = job()): Promise<string> {
  const prepared = await prepare(overrides, definition);
  if (prepared.kind !== 'refused' || prepared.outcome.kind !== 'dead_lettered') return JSON.stringify(prepared);
  return `${prepared.outcome.reason}: ${prepared.outcome.error.message}`;
}

describe('prepareJob', () => {
  it('hands out the definition and what the schema makes of the payload', async () => {
    const definition = job();

    expect(await prepare({ dataJson: '{"orderId":"42"}' }, definition)).toEqual({
      kind: 'ready',
      definition,
      payload: { orderId: '42', copies: 1 },
    });
  });

  it('runs a job whose payload has exactly the bytes that are allowed', async () => {
    const dataJson = JSON.stringify({ orderId: 'x'.repeat(limits.maxPayloadBytes - '{"orderId":""}'.length) });

    expect(await prepare({ dataJson })).toMatchObject({ kind: 'ready' });
  });

  it.each<[string, Partial<FetchedJob>, RegExp]>([
    [
      'an unknown kind',
      { kind: 'send-reciept' },
      /^kind_unknown: unknown kind "send-reciept".*did you mean send-receipt\?$/,
    ],
    [
      'a mark of BullMQ that it failed already',
      { deferredFailure: 'child bull:x:1 failed' },
      /^failed_by_queue: child bull:x:1 failed$/,
    ],
    ['no kind', { kind: '' }, /^kind_unknown: unknown kind ""/],
    [
      'a deadline that has passed',
      { meta: { deadline: momentIn(0) } },
      /^expired: the job's deadline 2026-03-04T05:06:07/,
    ],
    [
      'a payload that is too large',
      { dataJson: `"${'x'.repeat(1_000)}"` },
      /^payload_too_large: .* 1002 bytes, at most 1000/,
    ],
    ['a payload that is no JSON', { dataJson: '{oops' }, /^payload_not_json: the payload is not JSON: /],
    ['no payload', { dataJson: '' }, /^payload_not_json: /],
    ['a payload of the wrong shape', { dataJson: '[1]' }, /^payload_invalid: .*\(payload\): /s],
    ['a payload with a fault', { dataJson: '{"orderId":7}' }, /^payload_invalid: .*orderId: /s],
  ])('dead-letters a job with %s', async (_what, overrides, expected) => {
    expect(await refusal(overrides)).toMatch(expected);
  });

  it('dead-letters a job that is older than its kind allows', async () => {
    const definition = job({ maxQueueAge: '1m' });

    expect(await refusal({ enqueuedAt: momentIn(-90_000) }, definition)).toBe(
      'expired: the job is 1.5m old, its kind allows 1m',
    );
  });

  it.each<[string, Partial<Options>, RegExp]>([
    ['is missing', { version: 3, upcast: { 2: (v) => v } }, /^upcast_failed: no upcaster from version 1 to 2/],
    [
      'throws',
      {
        version: 2,
        upcast: {
          1: () => {
            throw new Error('no email');
          },
        },
      },
      /^upcast_failed: the upcaster from version 1 threw: no email/,
    ],
  ])('dead-letters a job whose upcaster %s', async (_what, options, expected) => {
    expect(await refusal({ meta: { version: 1 } }, job(options))).toMatch(expected);
  });

  it('brings an old payload up to date before it asks the schema', async () => {
    const definition = job({ version: 2, upcast: { 1: (v1: { id: string }) => ({ orderId: v1.id }) } });

    expect(await prepare({ meta: { version: 1 }, dataJson: '{"id":"42"}' }, definition)).toMatchObject({
      kind: 'ready',
      payload: { orderId: '42', copies: 1 },
    });
  });

  it('sets a payload from the future aside for a worker that knows it', async () => {
    expect(await prepare({ meta: { version: 2 }, dataJson: '{"unknown":"shape"}' })).toEqual({
      kind: 'refused',
      outcome: { kind: 'parked', delayMs: 5_000, reason: 'newer_version' },
    });
  });

  it('dead-letters a job whose schema itself throws, with what it threw', async () => {
    const broken = job({
      payload: order.transform(() => {
        throw new TypeError('bad schema');
      }) as unknown as typeof order,
    });

    expect(await refusal({}, broken)).toBe('payload_invalid: the schema itself threw (caused by: bad schema)');
  });

  it('says that there was no attempt', async () => {
    const prepared = await prepare({ dataJson: '{oops' });

    expect(prepared).toMatchObject({ kind: 'refused', outcome: { kind: 'dead_lettered', attempted: false } });
  });

  it('says of the error what class it is', async () => {
    const classOf = async (overrides: Partial<FetchedJob>): Promise<string | undefined> => {
      const prepared = await prepare(overrides);
      return prepared.kind === 'refused' && prepared.outcome.kind === 'dead_lettered'
        ? prepared.outcome.error.class
        : undefined;
    };

    expect(await classOf({ meta: { deadline: momentIn(-1) } })).toBe('expired');
    expect(await classOf({ kind: 'unheard-of' })).toBe('permanent');
  });

  it('asks the cheap questions first: of a job with every fault, each is told after those before it are put right', async () => {
    const definition = job({
      version: 3,
      maxQueueAge: '1m',
      upcast: {
        1: () => {
          throw new Error('no email');
        },
        2: (v) => v,
      },
    });
    let overrides: Partial<FetchedJob> = {
      kind: 'unheard-of',
      deferredFailure: 'child bull:x:1 failed',
      meta: { deadline: momentIn(-1), version: 9 },
      enqueuedAt: momentIn(-90_000),
      dataJson: `{${'x'.repeat(1_000)}`,
    };
    const told: string[] = [];
    const fix = async (next: Partial<FetchedJob>): Promise<void> => {
      const prepared = await prepare(overrides, definition);
      const outcome = prepared.kind === 'refused' ? prepared.outcome : undefined;
      told.push(outcome?.kind === 'dead_lettered' ? outcome.reason : (outcome?.kind ?? 'ready'));
      overrides = { ...overrides, ...next };
    };

    await fix({ kind: 'send-receipt' });
    await fix({ deferredFailure: undefined });
    await fix({ meta: { version: 9 } });
    await fix({ enqueuedAt: now });
    await fix({ dataJson: '{oops' });
    await fix({ dataJson: '[1]' });
    await fix({ meta: { version: 1 } });
    await fix({ meta: { version: 3 } });
    await fix({ dataJson: '{"orderId":"42"}' });
    await fix({});

    expect(told).toEqual([
      'kind_unknown',
      'failed_by_queue',
      'expired',
      'expired',
      'payload_too_large',
      'payload_not_json',
      'parked',
      'upcast_failed',
      'payload_invalid',
      'ready',
    ]);
  });
});

describe('decideExpiry', () => {
  const hour = 3_600_000;

  it.each<[string, Partial<FetchedJob>, number | undefined, string | undefined]>([
    [
      'a job without deadline and age limit is never too late',
      { enqueuedAt: momentIn(-1_000 * hour) },
      undefined,
      undefined,
    ],
    ['a deadline in the future is kept', { meta: { deadline: momentIn(1) } }, undefined, undefined],
    [
      'a deadline is over when it comes',
      { meta: { deadline: momentIn(0) } },
      undefined,
      "the job's deadline 2026-03-04T05:06:07.000Z has passed",
    ],
    ['a job of exactly the age allowed may run', { enqueuedAt: momentIn(-hour) }, hour, undefined],
    [
      'a job one moment older may not',
      { enqueuedAt: momentIn(-hour - 1) },
      hour,
      'the job is 1.0h old, its kind allows 1h',
    ],
    [
      'time for which it was told to wait is not age',
      { enqueuedAt: momentIn(-3 * hour), opts: { delay: 2 * hour } },
      hour,
      undefined,
    ],
    ['a job from a clock that runs ahead is not old', { enqueuedAt: momentIn(hour) }, hour, undefined],
  ])('%s', (_what, overrides, maxQueueAgeMs, expected) => {
    const definition = job(maxQueueAgeMs === undefined ? {} : { maxQueueAge: maxQueueAgeMs });

    expect(decideExpiry(fetchedJob(overrides), definition, now)).toBe(expected);
  });
});

describe('latestStart', () => {
  it.each<[string, Partial<FetchedJob>, number | undefined, number | undefined]>([
    ['is never without deadline and age limit', {}, undefined, undefined],
    ['is the deadline', { meta: { deadline: momentIn(7) } }, undefined, momentIn(7)],
    ['is when it gets too old', { enqueuedAt: momentIn(-10), opts: { delay: 3 } }, 100, momentIn(93)],
    ['is the deadline when that is sooner', { meta: { deadline: momentIn(7) }, enqueuedAt: now }, 100, momentIn(7)],
    ['is the age when that is sooner', { meta: { deadline: momentIn(700) }, enqueuedAt: now }, 100, momentIn(100)],
  ])('%s', (_what, overrides, maxQueueAgeMs, expected) => {
    const definition = job(maxQueueAgeMs === undefined ? {} : { maxQueueAge: maxQueueAgeMs });

    expect(latestStart(fetchedJob(overrides), definition)).toBe(expected);
  });
});
