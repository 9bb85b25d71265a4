import { createProducer, createWorker, defineDependency, defineJob, defineQueue } from 'bulwark';
import { z } from 'zod';

const redis = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';

const email = defineQueue({ name: 'email', criticality: 'critical', slo: '30s' });
const smtp = defineDependency({ name: 'smtp', timeout: '10s' });

const sendReceipt = defineJob({
  kind: 'send-receipt',
  queue: email,
  payload: z.object({ orderId: z.string(), to: z.email() }),
  idempotencyKey: (receipt) => receipt.orderId,
  dependencies: [smtp],
  retry: { attempts: 8, base: '1s', cap: '5m' },
  timeout: '30s',
  async run(receipt, ctx) {
    ctx.log.info('sending');
    // Replace the inner function by a call of your mail server; hand it the signal and the key.
    const key = ctx.effectKey('mail');
    return ctx.call(smtp, async (signal) => ({ sentTo: receipt.to, key, aborted: signal.aborted }));
  },
});

const worker = createWorker({ redis, jobs: [sendReceipt] });
await worker.start();

const producer = createProducer({ redis });
const job = await producer.enqueue(sendReceipt, { orderId: '42', to: 'ada@example.com' });
console.log(await producer.wait(job, { timeout: '10s' }));

await producer.close();
await worker.stop();
