import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  type AnyJobDefinition,
  defineDependency,
  defineJob,
  defineQueue,
  type JobContext,
  type JobResult,
  type PayloadInput,
} from '../../src/index.js';

const email = defineQueue({ name: 'email' });
const smtp = defineDependency({ name: 'smtp' });

const order = z.object({ orderId: z.string(), copies: z.number().default(1), at: z.coerce.date() });

/** A schema as somebody writes it by hand, without any library. */
const handWritten: StandardSchemaV1<{ city: string }, { city: string; country: string }> = {
  '~standard': {
    version: 1,
    vendor: 'by-hand',
    validate: (value) => ({ value: { country: 'NL', ...(value as { city: string }) } }),
  },
};

/** A schema whose answer takes time, as valibot's `pipeAsync` makes them. */
const asynchronous: StandardSchemaV1<string, URL> = {
  '~standard': {
    version: 1,
    vendor: 'async',
    validate: async (value) => ({ value: new URL(String(value)) }),
  },
};

describe('the payload of a job', () => {
  it('is for the handler what the schema makes of it, and for the producer what the schema takes', () => {
    const job = defineJob({
      kind: 'send-receipt',
      queue: email,
      payload: order,
      idempotencyKey: (payload) => {
        expectTypeOf(payload).toEqualTypeOf<{ orderId: string; copies: number; at: Date }>();
        return payload.orderId;
      },
      run(payload) {
        expectTypeOf(payload).toEqualTypeOf<{ orderId: string; copies: number; at: Date }>();
      },
      fallback(payload) {
        expectTypeOf(payload).toEqualTypeOf<{ orderId: string; copies: number; at: Date }>();
      },
    });

    expectTypeOf<PayloadInput<typeof job>>().toEqualTypeOf<z.input<typeof order>>();
    expectTypeOf<PayloadInput<typeof job>>().toExtend<{ orderId: string; copies?: number | undefined }>();
  });

  it('follows from a schema that was written by hand', () => {
    const job = defineJob({
      kind: 'greet',
      queue: email,
      payload: handWritten,
      run(payload) {
        expectTypeOf(payload).toEqualTypeOf<{ city: string; country: string }>();
      },
    });

    expectTypeOf<PayloadInput<typeof job>>().toEqualTypeOf<{ city: string }>();
  });

  it('follows from a schema whose answer takes time', () => {
    const job = defineJob({
      kind: 'crawl',
      queue: email,
      payload: asynchronous,
      run(payload) {
        expectTypeOf(payload).toEqualTypeOf<URL>();
      },
    });

    expectTypeOf<PayloadInput<typeof job>>().toEqualTypeOf<string>();
  });

  it('tells the members of a union apart', () => {
    defineJob({
      kind: 'notify',
      queue: email,
      payload: z.discriminatedUnion('by', [
        z.object({ by: z.literal('mail'), to: z.string() }),
        z.object({ by: z.literal('sms'), number: z.string() }),
      ]),
      run(payload) {
        if (payload.by === 'mail') expectTypeOf(payload.to).toEqualTypeOf<string>();
        else expectTypeOf(payload.number).toEqualTypeOf<string>();
      },
    });
  });
});

describe('the result of a job', () => {
  const base = { kind: 'quote', queue: email, payload: z.object({ sku: z.string() }) };

  it('is what the handler returns, waited for or not', () => {
    const at = defineJob({ ...base, run: () => ({ cents: 250 }) });
    const later = defineJob({ ...base, run: async () => ({ cents: 250 }) });
    const nothing = defineJob({ ...base, run: async () => undefined });
    const maybe = defineJob({ ...base, run: async ({ sku }) => (sku === '' ? null : sku) });

    expectTypeOf<JobResult<typeof at>>().toEqualTypeOf<{ cents: number }>();
    expectTypeOf<JobResult<typeof later>>().toEqualTypeOf<{ cents: number }>();
    expectTypeOf<JobResult<typeof nothing>>().toEqualTypeOf<undefined>();
    expectTypeOf<JobResult<typeof maybe>>().toEqualTypeOf<string | null>();
  });

  it('is what a call of a dependency gives, when the handler returns that', () => {
    const job = defineJob({ ...base, run: (_payload, ctx) => ctx.call(smtp, async () => 250 as const) });

    expectTypeOf<JobResult<typeof job>>().toEqualTypeOf<250>();
  });

  it('is what a durable step gives, when the handler returns that', () => {
    const job = defineJob({ ...base, run: (_payload, ctx) => ctx.step('price', async ({ effectKey }) => effectKey) });

    expectTypeOf<JobResult<typeof job>>().toEqualTypeOf<string>();
  });

  it('is not shaped by the fallback', () => {
    const job = defineJob({ ...base, run: async () => 250, fallback: async () => ({ later: true }) });

    expectTypeOf<JobResult<typeof job>>().toEqualTypeOf<number>();
  });
});

describe('any job', () => {
  it('fits where the payload does not matter', () => {
    const jobs = [
      defineJob({ kind: 'a', queue: email, payload: order, run: () => 7 }),
      defineJob({ kind: 'b', queue: email, payload: handWritten, run: async () => 'x' }),
      defineJob({ kind: 'c', queue: email, payload: asynchronous, run: () => undefined }),
    ];

    expectTypeOf(jobs).toExtend<readonly AnyJobDefinition[]>();
  });

  it('cannot be changed', () => {
    const job = defineJob({ kind: 'a', queue: email, payload: order, run: () => 7 });

    // @ts-expect-error a definition is read only
    expectTypeOf(() => (job.kind = 'b')).toBeFunction();
    // @ts-expect-error and so is its policy
    expectTypeOf(() => (job.retry.attempts = 1)).toBeFunction();
  });
});

describe('the context', () => {
  it('gives the handler what it needs, typed', () => {
    expectTypeOf<JobContext['signal']>().toEqualTypeOf<AbortSignal>();
    expectTypeOf<JobContext['attempt']>().toEqualTypeOf<number>();
    expectTypeOf<JobContext['tenant']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<JobContext['effectKey']>().toEqualTypeOf<(name: string) => string>();
    expectTypeOf<JobContext['progress']>().parameter(0).toEqualTypeOf<number | Readonly<Record<string, unknown>>>();
  });
});

describe('a mistake in a definition', () => {
  it('does not compile', () => {
    // Never run: the compiler alone judges it.
    const mistakes = () => {
      const base = { kind: 'a', queue: email, payload: order, run: () => undefined };

      // @ts-expect-error a job has a handler
      defineJob({ kind: 'a', queue: email, payload: order });
      // @ts-expect-error a job has a queue
      defineJob({ kind: 'a', payload: order, run: () => undefined });
      // @ts-expect-error a queue is a definition, not a name
      defineJob({ ...base, queue: 'email' });
      // @ts-expect-error a payload is described by a Standard Schema
      defineJob({ ...base, payload: { orderId: 'string' } });
      // @ts-expect-error the idempotency key is a text
      defineJob({ ...base, idempotencyKey: () => 42 });
      // @ts-expect-error the payload has no such field
      defineJob({ ...base, idempotencyKey: (payload) => payload.id });
      // @ts-expect-error a duration has a unit we know
      defineJob({ ...base, timeout: '5 weeks' });
      // @ts-expect-error attempts are counted
      defineJob({ ...base, retry: { attempts: 'many' } });
      // @ts-expect-error there is no such option
      defineJob({ ...base, retries: 3 });
      // @ts-expect-error an error has a class we know
      defineJob({ ...base, classify: () => ({ class: 'fatal' }) });
      // @ts-expect-error the handler reads only what its payload has
      defineJob({ kind: 'a', queue: email, payload: order, run: (payload) => payload.price });
      // @ts-expect-error what is called is a dependency, not a name
      defineJob({ ...base, run: (_payload, ctx) => ctx.call('smtp', () => 1) });
      // @ts-expect-error a queue has a criticality we know
      defineQueue({ name: 'email', criticality: 'vital' });
      // @ts-expect-error a dependency has a name
      defineDependency({ timeout: '1s' });
    };

    expectTypeOf(mistakes).toBeFunction();
  });
});
