import type { EventEmitter } from 'node:events';
import { FlowProducer, type Processor, Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { TestPool } from '../worker-pool/test-pool.js';

/** Plain BullMQ beside the pool, as another team would use it: the prefix is all it needs to know. */
export function plainBullmq(pool: TestPool, queue: string) {
  const connect = () => {
    const connection = new Redis(pool.url, { maxRetriesPerRequest: null });
    connection.on('error', () => undefined);
    onTestFinished(() => {
      connection.disconnect();
    });
    return { connection, prefix: pool.keyspace.prefix(queue) };
  };
  const closing = <T extends { close(): Promise<unknown> } & EventEmitter>(it: T): T => {
    it.on('error', () => undefined);
    onTestFinished(async () => {
      await it.close();
    });
    return it;
  };
  return {
    queue: (name = queue) => closing(new Queue(name, connect())),
    worker: (processor: Processor, options: { concurrency?: number; name?: string } = {}) =>
      closing(new Worker(queue, processor, { ...connect(), ...options })),
    flow: () => closing(new FlowProducer(connect())),
    async events(): Promise<QueueEvents> {
      const events = closing(new QueueEvents(queue, connect()));
      await events.waitUntilReady();
      return events;
    },
  };
}
