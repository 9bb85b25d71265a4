import { createProducer, createWorker, defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';

const redis = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';

const placeOrder = defineJob({
  kind: 'place-order',
  queue: defineQueue({ name: 'orders' }),
  payload: z.object({ orderId: z.string(), cents: z.number() }),
  retry: { attempts: 5, base: '200ms' },
  async run(order, ctx) {
    const payment = await ctx.step('charge', ({ effectKey, signal }) => charge(order.cents, effectKey, signal));
    await ctx.step('mail', ({ effectKey, signal }) => mail(`paid: ${payment.id}`, effectKey, signal));
    return { payment: payment.id, attempts: ctx.attempt };
  },
});

// Replace these two by calls of your bank and your mail server. The mail server is down at first.
async function charge(cents, effectKey, _signal) {
  console.log(`charged ${cents} cents under ${effectKey}`);
  return { id: `payment-${effectKey.slice(0, 8)}` };
}

let tries = 0;
async function mail(text, _effectKey, _signal) {
  tries += 1;
  if (tries < 3) throw new Error('the mail server is down');
  console.log(`mailed "${text}"`);
}

const worker = createWorker({ redis, jobs: [placeOrder] });
await worker.start();

const producer = createProducer({ redis });
const job = await producer.enqueue(placeOrder, { orderId: '42', cents: 1999 });
console.log(await producer.wait(job, { timeout: '20s' }));

await producer.close();
await worker.stop();
