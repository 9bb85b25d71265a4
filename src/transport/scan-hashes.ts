import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { queueKeys } from './queue-keys.js';

/** The hashes of a namespace that may be jobs. */
export interface ScannedHashes {
  /** Ids by the name of their queue; a dead-letter queue has a name of its own. */
  readonly byQueue: ReadonlyMap<string, ReadonlySet<string>>;
  /** False when the budget ended before the keys did. */
  readonly complete: boolean;
}

/** One step through the keys of Redis. */
export interface ScanStep {
  readonly byQueue: ReadonlyMap<string, ReadonlySet<string>>;
  /** Where the next step goes on; '0' when this was the last one. */
  readonly cursor: string;
}

const keysPerStep = 1_000;
const keyPattern = /^\{[^{}]*\}:([^:]+):(.+)$/;

/** Goes through all keys of Redis, at most `maxSteps` times a thousand of them, and keeps the hashes of this namespace. */
export async function scanHashes(client: RedisClient, keyspace: Keyspace, maxSteps: number): Promise<ScannedHashes> {
  const byQueue = new Map<string, Set<string>>();
  let cursor = '0';
  for (let step = 0; step < maxSteps; step++) {
    const scanned = await scanStep(client, keyspace, cursor);
    for (const [queue, ids] of scanned.byQueue) for (const id of ids) note(byQueue, queue, id);
    cursor = scanned.cursor;
    if (cursor === '0') return { byQueue, complete: true };
  }
  return { byQueue, complete: false };
}

/** Looks at about a thousand keys of Redis and keeps the hashes of this namespace. Begin with the cursor '0'. */
export async function scanStep(client: RedisClient, keyspace: Keyspace, cursor: string): Promise<ScanStep> {
  const pattern = `{${keyspace.namespace}:*`;
  const [next, keys] = await client.scan(cursor, 'MATCH', pattern, 'COUNT', keysPerStep, 'TYPE', 'hash');
  const byQueue = new Map<string, Set<string>>();
  for (const key of keys) {
    const [, queue, id] = keyPattern.exec(key) ?? [];
    if (queue === undefined || id === undefined) continue;
    // Keys of our own lie under the same tag, and a queue's settings beside its jobs.
    if (!key.startsWith(keyspace.queueBase(queue)) || Object.hasOwn(queueKeys(keyspace, queue), id)) continue;
    note(byQueue, queue, id);
  }
  return { byQueue, cursor: next };
}

function note(byQueue: Map<string, Set<string>>, queue: string, id: string): void {
  const ids = byQueue.get(queue) ?? new Set();
  ids.add(id);
  byQueue.set(queue, ids);
}
