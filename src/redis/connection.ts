import type { Redis } from 'ioredis';
import { maskUrl } from '../config/mask-url.js';
import type { ResolvedRedisOptions } from '../config/option-types.js';
import { errorMessage } from '../errors/error-message.js';
import { within } from '../time/deadline.js';
import { type ClientSettings, createClient } from './client.mjs';
import { breakConnection } from './connection-watch.mjs';
import { RedisUnavailableError } from './redis-unavailable-error.js';

export type RedisClient = Redis;

/**
 * `patient` waits for Redis to come back, for processes that hold work; `prompt` gives up on an answer after
 * `redis.commandTimeoutMs`, for callers who would rather know.
 */
export type ConnectionManner = 'patient' | 'prompt';

export interface ConnectionOptions {
  readonly redis: ResolvedRedisOptions;
  /** Shown by `CLIENT LIST`: tells an operator whose connection this is. */
  readonly name: string;
  readonly manner: ConnectionManner;
  /** Told of every connection error; a client without a listener would end the process. */
  readonly onError?: (error: Error) => void;
}

/**
 * Connects to Redis.
 *
 * A lost connection is rebuilt for as long as the client lives, with a short, jittered pause, because Redis being back
 * should be noticed within the second. One that stands and answers nothing counts as lost.
 *
 * @throws RedisUnavailableError when no connection stands within `redis.connectTimeoutMs`.
 */
export async function connectRedis({ redis, name, manner, onError }: ConnectionOptions): Promise<RedisClient> {
  const client = createClient(clientSettings(redis, name, manner));
  let lastError: Error | undefined;
  const remember = (error: Error) => {
    lastError = error;
  };
  client.on('error', remember);
  const connected = await within(
    redis.connectTimeoutMs,
    new Promise<'ready'>((resolve) => {
      client.once('ready', () => {
        resolve('ready');
      });
      client.connect().catch(remember);
    }),
  );
  if (connected === 'late') {
    client.disconnect();
    throw new RedisUnavailableError(
      `no connection to Redis at ${redisAddress(redis)} within ${redis.connectTimeoutMs} ms${lastError ? `: ${errorMessage(lastError)}` : ''}; is it running, and is the address right? Set BULWARK_REDIS_URL or --redis to another`,
      { cause: lastError },
    );
  }
  if (onError) client.on('error', onError);
  return client;
}

/** What a client of this Redis is made of. */
export function clientSettings(redis: ResolvedRedisOptions, name: string, manner: ConnectionManner): ClientSettings {
  const { url, sentinels, sentinelName, sentinelPassword, connectTimeoutMs, reconnectCapMs } = redis;
  const commandTimeoutMs = manner === 'prompt' ? redis.commandTimeoutMs : false;
  return {
    url,
    sentinels,
    sentinelName,
    sentinelPassword,
    name,
    connectTimeoutMs,
    reconnectCapMs,
    commandTimeoutMs,
  };
}

/** Where Redis is, fit to be shown. */
export function redisAddress({ url, sentinels, sentinelName }: ResolvedRedisOptions): string {
  return sentinels.length === 0 ? maskUrl(url) : `the master ${sentinelName} of the sentinels ${sentinels.join(', ')}`;
}

/** Makes a client connect anew, also one that takes its connection for sound or has given it up. */
export function rebuildConnection(client: RedisClient): void {
  breakConnection(client);
  // What goes wrong is told by the event `error`.
  if (client.status === 'end') client.connect().catch(() => undefined);
}

/** Ends a connection: politely while Redis answers, at once when it does not. Never throws, never takes longer than half a second. */
export async function closeRedis(client: RedisClient): Promise<void> {
  if (client.status === 'ready')
    await within(
      500,
      client.quit().catch(() => 'OK'),
    );
  client.disconnect();
}
