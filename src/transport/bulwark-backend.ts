import { type BackendFactory, createRedisBackend, type RedisQueueBackend } from 'bullmq';
import { BatchedAdding } from './batched-adding.js';
import { BatchedWork } from './batched-work.js';

/**
 * BullMQ's Redis backend with its busiest calls batched, for BullMQ's own classes. Give it as the last argument to the constructors
 * of `Queue` and `Worker`, or to `setDefaultBackendFactory` for the whole process:
 *
 * ```ts
 * new Queue('email', { connection }, createBulwarkBackend);
 * new Worker('email', handler, { connection, concurrency: 50 }, createBulwarkBackend);
 * ```
 *
 * What one process adds to a queue at the same moment travels as one script call, and so does what a worker takes, completes, fails
 * and delays. A lone call waits for nobody. Everything else goes through BullMQ's own scripts, also jobs of a flow or a scheduler
 * and those with a deduplication id. Redis looks the same afterwards, so plain BullMQ can work on the same queue at the same time.
 *
 * Needs Redis 6.2. In a cluster, all keys of a queue must lie in one slot, as BullMQ asks anyway.
 */
export const createBulwarkBackend: BackendFactory<RedisQueueBackend> = (name, options, roles) => {
  const backend = createRedisBackend(name, options, roles);
  const adding = new BatchedAdding(backend);
  const work = new BatchedWork(backend, name, options);
  const close = backend.close.bind(backend);
  const { addJob, addJobs } = adding;
  const { moveToActive, moveToCompleted, moveToFailed, moveToDelayed } = work;
  return Object.assign(backend, {
    addJob,
    addJobs,
    moveToActive,
    moveToCompleted,
    moveToFailed,
    moveToDelayed,
    async close(force?: boolean): Promise<void> {
      if (!force) await Promise.all([adding.whenIdle(), work.whenIdle()]);
      await close(force);
    },
  });
};
