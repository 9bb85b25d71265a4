import type { Logger } from 'pino';
import type { ResolvedRedisOptions } from '../config/option-types.js';
import type { Metrics } from '../telemetry/metrics.js';
import { within } from '../time/deadline.js';
import { type ConnectionManner, connectRedis, type RedisClient, redisAddress } from './connection.js';
import { assertFit, decideFitness } from './fitness.js';
import { Keyspace } from './keyspace.js';
import { readRedisFacts } from './redis-facts.js';
import { RedisUnavailableError } from './redis-unavailable-error.js';

export interface OpenRedisOptions {
  readonly redis: ResolvedRedisOptions;
  /** Shown by `CLIENT LIST`. */
  readonly name: string;
  readonly manner: ConnectionManner;
  readonly log: Logger;
  readonly metrics?: Pick<Metrics, 'redisErrors'>;
}

/** A connection that can be trusted with jobs, and what goes with it. */
export interface OpenRedis {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  /** Where to report errors of connections that were made from this one. */
  readonly reportError: (error: Error) => void;
}

/**
 * Connects and makes sure that this Redis can be trusted with jobs.
 *
 * @throws RedisUnavailableError when there is no connection in time; RedisMisconfiguredError when it would lose jobs.
 */
export async function openRedis({ redis, name, manner, log, metrics }: OpenRedisOptions): Promise<OpenRedis> {
  const reportError = createErrorReporter(log, metrics);
  const client = await connectRedis({ redis, name, manner, onError: reportError });
  try {
    const facts = await within(redis.connectTimeoutMs, readRedisFacts(client));
    if (facts === 'late') {
      throw new RedisUnavailableError(`Redis at ${redisAddress(redis)} accepts connections and answers nothing`);
    }
    assertFit(decideFitness(facts), redis);
  } catch (error) {
    client.disconnect();
    throw error;
  }
  client.on('ready', () => log.info('redis.connected'));
  return { client, keyspace: new Keyspace(redis.namespace), reportError };
}

/** While Redis is away every attempt to reconnect fails alike: one line tells it, the counter counts all. */
function createErrorReporter(log: Logger, metrics?: Pick<Metrics, 'redisErrors'>): (error: Error) => void {
  let lastMessage = '';
  let lastAt = 0;
  return (error) => {
    // Also of a connection that could not be made in time: `connection` is what was refused or lost.
    const isTimeout = 'code' in error && error.code === 'ETIMEDOUT';
    metrics?.redisErrors.inc({ kind: isTimeout ? 'timeout' : 'connection' });
    const now = performance.now();
    if (error.message === lastMessage && now - lastAt < 10_000) return;
    lastMessage = error.message;
    lastAt = now;
    log.warn({ err: error }, 'redis.error');
  };
}
