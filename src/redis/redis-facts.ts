import type { RedisClient } from './connection.js';
import { infoFields, parseRedisInfo } from './redis-info.js';

/** What matters about a Redis server. Unknown facts (a managed Redis may hide them) are undefined. */
export interface RedisFacts {
  readonly server: 'redis' | 'valkey' | 'dragonfly';
  readonly version: string;
  /** Whether it is the pool's embedded stand-in, which keeps nothing. */
  readonly standIn: boolean;
  readonly evictionPolicy: string | undefined;
  readonly appendOnly: boolean | undefined;
  readonly snapshots: boolean | undefined;
  readonly usedMemoryBytes: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  readonly connectedClients: number | undefined;
  readonly maxClients: number | undefined;
  /** Redis' clock minus ours, half the round trip taken off. */
  readonly clockSkewMs: number;
  readonly roundTripMs: number;
}

/** Asks the server. */
export async function readRedisFacts(client: RedisClient): Promise<RedisFacts> {
  const startedAt = performance.now();
  const sentAt = Date.now();
  const [seconds, microseconds] = (await client.time()).map(Number);
  const roundTripMs = performance.now() - startedAt;
  const text = await client.info();
  const info = infoFields(text);
  const { evictionPolicy, usedMemoryBytes, maxMemoryBytes, connectedClients, maxClients } = parseRedisInfo(text);
  return {
    server: info.has('dragonfly_version') ? 'dragonfly' : info.has('valkey_version') ? 'valkey' : 'redis',
    version: info.get('valkey_version') ?? info.get('redis_version') ?? '0.0.0',
    // What js-redis-server says of itself, and no server that is a process of its own.
    standIn: info.get('os') === 'mocked redis',
    evictionPolicy,
    appendOnly: info.has('aof_enabled') ? info.get('aof_enabled') === '1' : undefined,
    snapshots: await readSnapshots(client),
    usedMemoryBytes,
    maxMemoryBytes,
    connectedClients,
    maxClients,
    clockSkewMs: Math.round((seconds ?? 0) * 1000 + (microseconds ?? 0) / 1000 - sentAt - roundTripMs / 2),
    roundTripMs: Math.round(roundTripMs * 10) / 10,
  };
}

/** What Redis does when its memory is full, as it is set now; undefined when it does not say. */
export async function readEvictionPolicy(client: Pick<RedisClient, 'info'>): Promise<string | undefined> {
  return parseRedisInfo(await client.info('memory')).evictionPolicy;
}

/** CONFIG is forbidden on many managed servers: then nothing is known. */
async function readSnapshots(client: RedisClient): Promise<boolean | undefined> {
  try {
    const reply = (await client.config('GET', 'save')) as string[];
    return (reply[1] ?? '') !== '';
  } catch {
    return undefined;
  }
}
