import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Cancellation } from '../../src/job/cancellation.js';
import { defineJob } from '../../src/job/define-job.js';
import { defineQueue } from '../../src/job/define-queue.js';
import { jobMetaOption, parseJobMeta } from '../../src/job/job-meta.js';
import { deadLetterReasons } from '../../src/job/outcome.js';
import { carrierOption } from '../../src/job/trace-carrier.js';
import type { EpochMs } from '../../src/time/duration.js';
import { decodeTakenJob } from '../../src/transport/fetched-job.js';
import { fetchedFields } from '../support/fetched-fields.js';
import { testExecutor } from '../support/test-executor.js';

const now = 1_700_000_000_000 as EpochMs;
const limits = {
  maxPayloadBytes: 200,
  maxResultBytes: 1_024,
  maxStepBytes: 1_000,
  maxStepsBytes: 1_000,
  maxErrorBytes: 200,
  maxStackBytes: 200,
  newerVersionDelayMs: 5_000,
};

/** Numbers and what people write for numbers; objects that cannot even be added to. */
const anyNumberish = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom<unknown>(null, '', 'soon', {}, [], true, 1e300, -1e300, { toString: 1, valueOf: 1 }),
);
const anyMeta = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom('version', 'key', 'tenant', 'deadline', 'producer'), anyNumberish),
);
const anyOptions = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string(),
  fc
    .record({
      delay: anyNumberish,
      attempts: anyNumberish,
      removeOnComplete: fc.jsonValue(),
      [jobMetaOption]: anyMeta,
      [carrierOption]: fc.jsonValue(),
    })
    .map((options) => JSON.stringify(options)),
);
const anyPayload = fc.oneof(
  fc.string({ maxLength: 400 }),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constant('{"orderId":"42"}'),
);
/** A job's hash as anybody may have written it. */
const anyHash = fc.record(
  {
    name: fc.oneof(fc.constant('send-receipt'), fc.string()),
    data: anyPayload,
    opts: anyOptions,
    timestamp: fc.oneof(fc.integer().map(String), fc.string()),
    atm: fc.oneof(fc.nat().map(String), fc.string()),
    ats: fc.string(),
    parentKey: fc.string(),
    parent: fc.string(),
    defa: fc.string(),
    rjk: fc.string(),
  },
  { requiredKeys: [] },
);

const sendReceipt = defineJob({
  kind: 'send-receipt',
  queue: defineQueue({ name: 'email' }),
  version: 2,
  payload: z.object({ orderId: z.string() }),
  upcast: { 1: (v1) => ({ orderId: v1.id.text }) },
  maxQueueAge: '1d',
  run: () => 'sent',
});

const executor = testExecutor(sendReceipt, now, { limits, log: pino({ level: 'silent' }) });
/** The claim is the script's own word. */
const written = fetchedFields.filter((field) => field !== 'bwi');

describe('a job that anybody may have written', () => {
  it('for any hash, comes to an outcome that says why, within bounds, and never by a fault of ours', async () => {
    await fc.assert(
      fc.asyncProperty(anyHash, async (hash) => {
        const job = decodeTakenJob([...written.map((field) => hash[field] ?? null), null, '42'], 'bw/host-1-ab/7', now);

        const outcome = await executor.execute(job, new Cancellation());

        expect(['completed', 'parked', 'dead_lettered']).toContain(outcome.kind);
        if (outcome.kind !== 'dead_lettered') return;
        expect(deadLetterReasons).toContain(outcome.reason);
        expect(Buffer.byteLength(outcome.error.message)).toBeLessThanOrEqual(limits.maxErrorBytes);
      }),
      { numRuns: 500 },
    );
  });

  it('for any list of fields, of any length but that of the claim, is read without a word', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string()), { maxLength: written.length - 1 }), (fields) => {
        const job = decodeTakenJob([...fields, '42'], 'bw/host-1-ab/7', now);

        expect(job.id).toBe('42');
        expect(Number.isSafeInteger(job.attemptsMade) && job.attemptsMade >= 0).toBe(true);
        expect(Number.isSafeInteger(job.enqueuedAt) && job.enqueuedAt >= 0).toBe(true);
      }),
    );
  });
});

describe('parseJobMeta', () => {
  it('for anything, gives only fields of the right type, and a deadline that is a date', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), anyMeta), (raw) => {
        const { version = 1, key = '', tenant = '', deadline = 0, producer = '' } = parseJobMeta(raw);

        expect(Number.isInteger(version) && version > 0).toBe(true);
        expect([key, tenant, producer].every((text) => typeof text === 'string')).toBe(true);
        expect(() => new Date(deadline).toISOString()).not.toThrow();
      }),
    );
  });
});
