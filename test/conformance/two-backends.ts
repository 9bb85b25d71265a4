import {
  type BackendFactory,
  createRedisBackend,
  FlowProducer,
  type Job,
  type Processor,
  Queue,
  QueueEvents,
  type QueueOptions,
  type RedisQueueBackend,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createBulwarkBackend } from '../../src/transport/bulwark-backend.js';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { type PictureOptions, pictureOf, type RedisPicture } from './redis-picture.js';

/** What a behaviour is acted out with: BullMQ's own classes on one of the two backends, in an empty database. */
export interface Stage {
  readonly redis: Redis;
  readonly connection: { readonly host: string; readonly port: number; readonly db: number };
  readonly factory: BackendFactory<RedisQueueBackend>;
  /** Which of the two it is; for tests that give the queue to both. */
  queue(name?: string, options?: Partial<QueueOptions>): Queue;
  /** A worker whose jobs are taken and ended by hand. */
  hand(options?: Partial<WorkerOptions>, name?: string): Worker;
  /** A worker that runs jobs. */
  worker(processor: Processor, options?: Partial<WorkerOptions>, name?: string): Worker;
  flow(): FlowProducer;
  events(name?: string): Promise<QueueEvents>;
  /** Lets time pass, where it is stopped. */
  pass(ms: number): void;
  /** Notes something that must come out the same. */
  tell(what: unknown): void;
  /** Notes what a promise answers, or the message with which it rejects. */
  answer(promise: Promise<unknown>): Promise<void>;
}

export interface BehaviourOptions {
  /** Whether the clock stands still (the default: moments are compared exactly) or runs (moments are only compared as such). */
  readonly clock?: 'stopped' | 'runs';
  /** Whether jobs run at the same time, so that lists and events have no order of their own. */
  readonly anyOrder?: boolean;
  /** Ends of keys that are not compared, because they tell how far a sleeping worker was. */
  readonly without?: readonly string[];
}

interface Performance {
  readonly told: readonly unknown[];
  readonly redis: RedisPicture;
}

export type Behaviour = readonly [what: string, act: (stage: Stage) => Promise<void>, options?: BehaviourOptions];

export const queueName = 'orders';
const stoppedAt = Date.parse('2031-05-06T07:08:09.010Z');

/** Acts out each behaviour on BullMQ's own backend and on ours, and compares all that was said and all that lies in Redis. */
export function comparesBehaviours(behaviours: readonly Behaviour[]): void {
  const redis = useRedis();
  for (const [what, act, options = {}] of behaviours) {
    it(what, async () => {
      const bullmqs = await perform(redis(), createRedisBackend, 0, act, options);
      const ours = await perform(redis(), createBulwarkBackend, 1, act, options);

      expect(ours).toEqual(bullmqs);
      expect(Object.keys(bullmqs.redis).length).toBeGreaterThan(0);
    });
  }
}

function useRedis(): () => TestRedis {
  let redis: TestRedis | undefined;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis?.stop();
  });
  return () => {
    if (!redis) throw new Error('the Redis of this file is not up yet');
    return redis;
  };
}

async function perform(
  { port }: TestRedis,
  factory: BackendFactory<RedisQueueBackend>,
  db: number,
  act: (stage: Stage) => Promise<void>,
  { clock = 'stopped', anyOrder = false, without = [] }: BehaviourOptions,
): Promise<Performance> {
  if (clock === 'stopped') vi.useFakeTimers({ toFake: ['Date'], now: stoppedAt });
  const from = Date.now();
  const connection = { host: '127.0.0.1', port, db };
  const redis = new Redis(connection);
  const opened: { close(): Promise<unknown> }[] = [];
  const told: unknown[] = [];
  const open = <T extends { close(): Promise<unknown>; on(event: 'error', listener: (error: Error) => void): unknown }>(
    it: T,
  ): T => {
    it.on('error', () => undefined);
    opened.unshift(it);
    return it;
  };
  const stage: Stage = {
    redis,
    connection,
    factory,
    queue: (name = queueName, options = {}) => open(new Queue(name, { connection, ...options }, factory)),
    hand: (options = {}, name = queueName) => open(new Worker(name, undefined, { connection, ...options }, factory)),
    worker: (processor, options = {}, name = queueName) =>
      open(new Worker(name, processor, { connection, ...options }, factory)),
    flow: () => open(new FlowProducer({ connection }, factory)),
    async events(name = queueName) {
      const events = open(new QueueEvents(name, { connection }, factory));
      await events.waitUntilReady();
      return events;
    },
    pass: (ms) => {
      vi.setSystemTime(Date.now() + ms);
    },
    tell: (what) => {
      told.push(what);
    },
    async answer(promise) {
      told.push(await promise.then(answered, (error: Error) => ({ rejects: error.message })));
    },
  };
  try {
    await redis.flushdb();
    await act(stage);
    for (const it of opened) await it.close();
    const options: PictureOptions = {
      anyOrder,
      without,
      ...(clock === 'runs' && { moments: { from: from - 60_000, to: Date.now() + 3_600_000 } }),
    };
    return { told, redis: await pictureOf(redis, options) };
  } finally {
    vi.useRealTimers();
    for (const it of opened) await it.close();
    redis.disconnect();
  }
}

/** A job is told by what of it would be seen; anything else as it is. BullMQ itself has two ways to say that nothing was fetched. */
function answered(value: unknown): unknown {
  if (Array.isArray(value)) return value.some(Boolean) ? value.map(answered) : [];
  if (typeof value !== 'object' || value === null || !('queueQualifiedName' in value)) return value;
  const { id, name, data, attemptsMade, attemptsStarted, delay, priority, returnvalue, failedReason } = value as Job;
  return { id, name, data, attemptsMade, attemptsStarted, delay, priority, returnvalue, failedReason };
}

/** Takes the next job by hand; throws when there is none. */
export async function take(worker: Worker, token = 'token'): Promise<Job> {
  const job = (await worker.getNextJob(token, { block: false })) as Job | undefined;
  if (!job) throw new Error('expected a job to take, found none');
  return job;
}
