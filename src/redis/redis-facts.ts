import type { RedisClient } from './connection.js';

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
  const info = parseInfo(await client.info());
  const number = (field: string): number | undefined => {
    const value = Number(info.get(field));
    return info.has(field) && Number.isFinite(value) ? value : undefined;
  };
  return {
    server: info.has('dragonfly_version') ? 'dragonfly' : info.has('valkey_version') ? 'valkey' : 'redis',
    version: info.get('valkey_version') ?? info.get('redis_version') ?? '0.0.0',
    // What js-redis-server says of itself, and no server that is a process of its own.
    standIn: info.get('os') === 'mocked redis',
    evictionPolicy: info.get('maxmemory_policy'),
    appendOnly: info.has('aof_enabled') ? info.get('aof_enabled') === '1' : undefined,
    snapshots: await readSnapshots(client),
    usedMemoryBytes: number('used_memory'),
    maxMemoryBytes: number('maxmemory'),
    connectedClients: number('connected_clients'),
    maxClients: number('maxclients'),
    clockSkewMs: Math.round((seconds ?? 0) * 1000 + (microseconds ?? 0) / 1000 - sentAt - roundTripMs / 2),
    roundTripMs: Math.round(roundTripMs * 10) / 10,
  };
}

/** How much memory is used, and how much may be, from the reply of `INFO`; null where it does not say, or there is no limit. */
export function memoryOf(info: string): { usedMemoryBytes: number | null; maxMemoryBytes: number | null } {
  const fields = parseInfo(info);
  return {
    usedMemoryBytes: Number(fields.get('used_memory')) || null,
    maxMemoryBytes: Number(fields.get('maxmemory')) || null,
  };
}

/** What Redis does when its memory is full, as it is set now; undefined when it does not say. */
export async function readEvictionPolicy(client: Pick<RedisClient, 'info'>): Promise<string | undefined> {
  return parseInfo(await client.info('memory')).get('maxmemory_policy');
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

function parseInfo(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return fields;
}
