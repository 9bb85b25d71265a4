import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  createSupervisor,
  createWorker,
  defineJob,
  defineQueue,
  type EnqueuedJob,
  type Producer,
} from '../../src/index.js';

const email = defineQueue({ name: 'email' });
const sendReceipt = defineJob({
  kind: 'send-receipt',
  queue: email,
  payload: z.object({ orderId: z.string(), copies: z.number().default(1) }),
  run: async () => ({ sent: true }),
});
const ping = defineJob({ kind: 'ping', queue: email, payload: z.undefined(), run: () => 'pong' as const });

// Never run: the compiler alone judges what these return.
const enqueues = {
  one: (producer: Producer) => producer.enqueue(sendReceipt, { orderId: '42' }, { key: 'order-42', tenant: 'acme' }),
  many: (producer: Producer) => producer.enqueueMany(sendReceipt, [{ orderId: '42', copies: 2 }]),
  waits: async (producer: Producer) => producer.wait(await producer.enqueue(sendReceipt, { orderId: '42' })),
  asks: async (producer: Producer) => producer.outcome(await producer.enqueue(sendReceipt, { orderId: '42' })),
  pings: async (producer: Producer) => producer.wait(await producer.enqueue(ping, undefined), { timeout: '5s' }),
};

describe('a producer', () => {
  it('gives a handle that remembers the kind', () => {
    expectTypeOf(enqueues.one).returns.resolves.toEqualTypeOf<EnqueuedJob<typeof sendReceipt>>();
    expectTypeOf(enqueues.many).returns.resolves.toEqualTypeOf<EnqueuedJob<typeof sendReceipt>[]>();
  });

  it('waits for the result that the handler of the kind returns', () => {
    expectTypeOf(enqueues.waits).returns.resolves.toEqualTypeOf<{ sent: boolean }>();
    expectTypeOf(enqueues.pings).returns.resolves.toEqualTypeOf<'pong'>();
  });

  it('knows what the handler returns, and nothing of a fallback', () => {
    expectTypeOf(enqueues.asks).returns.resolves.toEqualTypeOf<
      | { readonly result: { sent: boolean }; readonly fallback: false }
      | { readonly result: unknown; readonly fallback: true }
    >();
  });
});

describe('a mistake in a call', () => {
  it('does not compile', () => {
    // Never run: the compiler alone judges it.
    const mistakes = async (producer: Producer) => {
      // @ts-expect-error the order id is missing
      await producer.enqueue(sendReceipt, {});
      // @ts-expect-error the order id is a text
      await producer.enqueue(sendReceipt, { orderId: 42 });
      // @ts-expect-error there is no such field
      await producer.enqueue(sendReceipt, { orderId: '42', price: 7 });
      // @ts-expect-error a payload is needed
      await producer.enqueue(sendReceipt);
      // @ts-expect-error a kind is a definition, not a name
      await producer.enqueue('send-receipt', { orderId: '42' });
      // @ts-expect-error every one of many is checked
      await producer.enqueueMany(sendReceipt, [{ orderId: '42' }, { orderId: 43 }]);
      // @ts-expect-error a delay has a unit we know
      await producer.enqueue(sendReceipt, { orderId: '42' }, { delay: 'tomorrow' });
      // @ts-expect-error there is no such option
      await producer.enqueue(sendReceipt, { orderId: '42' }, { idempotencyKey: '42' });
      // @ts-expect-error what is waited for was enqueued
      await producer.wait('42');

      // @ts-expect-error a worker needs jobs
      createWorker({});
      // @ts-expect-error jobs are definitions
      createWorker({ jobs: ['send-receipt'] });
      // @ts-expect-error there is no such option
      createSupervisor({ lease: '3s' });
    };

    expectTypeOf(mistakes).toBeFunction();
  });
});
