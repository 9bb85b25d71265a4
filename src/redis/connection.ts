import { Redis, type RedisOptions } from 'ioredis';
import { maskUrl } from '../config/mask-url.js';
import { errorMessage } from '../errors/error-message.js';
import { within } from '../time/deadline.js';
import { RedisUnavailableError } from './redis-unavailable-error.js';

export type RedisClient = Redis;

export interface ConnectionOptions {
  readonly url: string;
  /** Shown by `CLIENT LIST`: tells an operator whose connection this is. */
  readonly name: string;
  readonly connectTimeoutMs: number;
  /** Longest pause between two attempts to reconnect. */
  readonly reconnectCapMs: number;
  /**
   * How long one command may wait for its answer; false waits until Redis is back, for callers that hold work which must
   * not be given up.
   */
  readonly commandTimeoutMs: number | false;
  /** Told of every connection error; a client without a listener would end the process. */
  readonly onError?: (error: Error) => void;
}

/**
 * Connects to Redis.
 *
 * A lost connection is rebuilt for as long as the client lives, with a short, jittered pause, because Redis being back
 * should be noticed within the second.
 *
 * @throws RedisUnavailableError when no connection stands within `connectTimeoutMs`.
 */
export async function connectRedis(options: ConnectionOptions): Promise<RedisClient> {
  const client = new Redis(options.url, clientOptions(options));
  let lastError: Error | undefined;
  const remember = (error: Error) => {
    lastError = error;
  };
  client.on('error', remember);
  const connected = await within(
    options.connectTimeoutMs,
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
      `no connection to Redis at ${maskUrl(options.url)} within ${options.connectTimeoutMs} ms${lastError ? `: ${errorMessage(lastError)}` : ''}; is it running, and is the address right? Set BULWARK_REDIS_URL or --redis to another`,
      { cause: lastError },
    );
  }
  if (options.onError) client.on('error', options.onError);
  return client;
}

function clientOptions(options: ConnectionOptions) {
  const { commandTimeoutMs, reconnectCapMs } = options;
  return {
    lazyConnect: true,
    connectionName: options.name,
    connectTimeout: options.connectTimeoutMs,
    // A caller who is no longer waiting is not served later either: what timed out is dropped, not kept without bound.
    maxRetriesPerRequest: commandTimeoutMs === false ? null : Math.ceil(commandTimeoutMs / reconnectCapMs),
    keepAlive: 10_000,
    // A Redis that reads its data from disk guesses how long that takes; asking sooner notices its return sooner.
    maxLoadingRetryTime: reconnectCapMs,
    // A server that was demoted refuses writes: reconnect to whoever leads now, and ask again there.
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? 2 : false),
    retryStrategy: (times: number) =>
      Math.min(2 ** Math.min(times, 10) * 20, reconnectCapMs) * (0.75 + Math.random() / 4),
    ...(commandTimeoutMs !== false && { commandTimeout: commandTimeoutMs }),
  } satisfies RedisOptions;
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
