import type { RedisClient } from '../../redis/connection.js';
import type { Keyspace } from '../../redis/keyspace.js';
import { queueKeys } from '../../transport/queue-keys.js';

/** The hashes of a namespace that may be jobs. */
export interface ScannedHashes {
  /** Ids by the name of their queue; a dead-letter queue has a name of its own. */
  readonly byQueue: ReadonlyMap<string, ReadonlySet<string>>;
  /** False when the budget ended before the keys did. */
  readonly complete: boolean;
}

const keysPerRound = 1_000;
const keyPattern = /^\{[^{}]*\}:([^:]+):(.+)$/;

/** Goes through all keys of Redis, at most `maxRounds` times a thousand of them, and keeps the hashes of this namespace. */
export async function scanHashes(client: RedisClient, keyspace: Keyspace, maxRounds: number): Promise<ScannedHashes> {
  const byQueue = new Map<string, Set<string>>();
  const pattern = `{${keyspace.namespace}:*`;
  let cursor = '0';
  for (let round = 0; round < maxRounds; round++) {
    const [next, keys] = await client.scan(cursor, 'MATCH', pattern, 'COUNT', keysPerRound, 'TYPE', 'hash');
    for (const key of keys) note(key, keyspace, byQueue);
    cursor = next;
    if (cursor === '0') return { byQueue, complete: true };
  }
  return { byQueue, complete: false };
}

function note(key: string, keyspace: Keyspace, byQueue: Map<string, Set<string>>): void {
  const [, queue, id] = keyPattern.exec(key) ?? [];
  if (queue === undefined || id === undefined) return;
  // Keys of our own lie under the same tag, and a queue's settings beside its jobs.
  if (!key.startsWith(keyspace.queueBase(queue)) || Object.hasOwn(queueKeys(keyspace, queue), id)) return;
  const ids = byQueue.get(queue) ?? new Set();
  ids.add(id);
  byQueue.set(queue, ids);
}
