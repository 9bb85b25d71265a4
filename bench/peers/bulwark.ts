import { createProducer, createWorker, defineJob, defineQueue } from 'bulwark';
import { type Order, orderSchema } from './order.js';
import { type Producer, queueName, type WorkerOptions } from './subject.js';
import { chosenMetrics, startTelemetry } from './telemetry.js';

const orders = defineQueue({ name: queueName });

/** Bulwark by its public surface with the shipped defaults: schema, timeout, leases, heartbeat, metrics and log are all on. */
export function defineTakeOrder(handle: (order: Order) => Promise<void>, keyed = false) {
  return defineJob({
    kind: 'take-order',
    queue: orders,
    payload: orderSchema,
    run: handle,
    ...(keyed && { idempotencyKey: ({ number }: Order) => String(number) }),
  });
}

export async function startWorker({ url, concurrency, handle, pace }: WorkerOptions): Promise<void> {
  await startTelemetry('worker');
  const jobs = [defineTakeOrder(handle)];
  await createWorker({ redis: url, jobs, worker: { concurrency, ...pace }, ...chosenMetrics() }).start();
}

export async function connectProducer(url: string, { keyed }: { readonly keyed: boolean }): Promise<Producer> {
  await startTelemetry('producer');
  const producer = createProducer({ redis: url });
  const takeOrder = defineTakeOrder(async () => undefined, keyed);
  return {
    enqueue: (order) => producer.enqueue(takeOrder, order),
    enqueueMany: (many) => producer.enqueueMany(takeOrder, many),
  };
}
