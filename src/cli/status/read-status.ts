import { type RedisFacts, readRedisFacts } from '../../redis/redis-facts.js';
import { type BreakersView, readBreakers } from '../breaker/read-breakers.js';
import type { RedisSession } from '../redis-session.js';
import { type LeaderView, readLeader } from './read-leader.js';
import { type QueueView, readQueues } from './read-queues.js';
import { readWorkers, type WorkerView } from './read-workers.js';

/** The pool at one moment. */
export interface StatusReport {
  readonly redis: {
    readonly address: string;
    readonly namespace: string;
    readonly server: RedisFacts['server'];
    readonly version: string;
    readonly usedMemoryBytes: number | null;
    readonly roundTripMs: number;
  };
  readonly leader: LeaderView | null;
  readonly workers: readonly WorkerView[];
  readonly queues: readonly QueueView[];
  /** Those that are not closed. */
  readonly breakers: BreakersView;
}

/** Reads the pool as it is at this moment. */
export async function readStatus(redis: RedisSession, now: number, deadAfterMs: number): Promise<StatusReport> {
  const { server, version, usedMemoryBytes, roundTripMs } = await readRedisFacts(redis.client);
  const [leader, workers, queues, { breakers, now: redisNow }] = await Promise.all([
    readLeader(redis, now),
    readWorkers(redis, now, deadAfterMs),
    readQueues(redis, now),
    readBreakers(redis),
  ]);
  return {
    redis: {
      address: redis.address,
      namespace: redis.keyspace.namespace,
      server,
      version,
      usedMemoryBytes: usedMemoryBytes ?? null,
      roundTripMs,
    },
    leader: leader ?? null,
    workers,
    queues,
    breakers: { now: redisNow, breakers: breakers.filter(({ phase }) => phase !== 'closed') },
  };
}
