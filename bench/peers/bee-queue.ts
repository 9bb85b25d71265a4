import BeeQueue from 'bee-queue';
import type { Order } from './order.js';
import { type Producer, queueName, type WorkerOptions } from './subject.js';

/**
 * bee-queue as its documentation advises for processes that only work or only enqueue. It knows no bound for the jobs that it
 * keeps: here it keeps all, which spares it the removal.
 */
export async function startWorker({ url, concurrency, handle }: WorkerOptions): Promise<void> {
  const queue = new BeeQueue<Order>(queueName, { redis: { url }, getEvents: false, storeJobs: false });
  await queue.ready();
  queue.process(concurrency, (job) => handle(job.data));
}

export async function connectProducer(url: string): Promise<Producer> {
  const queue = new BeeQueue<Order>(queueName, { redis: { url }, isWorker: false, getEvents: false, storeJobs: false });
  await queue.ready();
  return {
    enqueue: (order) => queue.createJob(order).save(),
    enqueueMany: async (orders) => {
      const refused = await queue.saveAll(orders.map((order) => queue.createJob(order)));
      if (refused.size > 0) throw new Error(`bee-queue did not take ${refused.size} jobs`);
    },
  };
}
