import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { keptCompleted, type Producer, queueName, type WorkerOptions } from './subject.js';

/** Plain BullMQ with its defaults, but for the completed jobs: it would keep them all. */
export async function startWorker({ url, concurrency, handle, recovery }: WorkerOptions): Promise<void> {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const worker = new Worker(queueName, (job) => handle(job.data), {
    connection,
    concurrency,
    removeOnComplete: keptCompleted,
    ...recovery,
  });
  await worker.waitUntilReady();
}

export async function connectProducer(url: string): Promise<Producer> {
  const queue = new Queue(queueName, { connection: new Redis(url) });
  await queue.waitUntilReady();
  return {
    enqueue: (order) => queue.add('take-order', order),
    enqueueMany: (orders) => queue.addBulk(orders.map((data) => ({ name: 'take-order', data }))),
  };
}
