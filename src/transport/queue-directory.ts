import type { QueueDefinition } from '../job/define-queue.js';
import { encodeQueuePolicy, parseQueuePolicy, type QueuePolicy } from '../job/queue-policy.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';

/** The queues of the fleet, as producers and workers have told of them. */
export class QueueDirectory {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /** Puts queues on the list, or renews their policy. */
  async register(queues: readonly QueueDefinition[]): Promise<void> {
    if (queues.length === 0) return;
    const fields = Object.fromEntries(queues.map((queue) => [queue.name, encodeQueuePolicy(queue)]));
    await this.#client.hset(this.#keyspace.queues, fields);
  }

  /** All queues by name, in the order of their names. */
  async list(): Promise<Map<string, QueuePolicy>> {
    const stored = await this.#client.hgetall(this.#keyspace.queues);
    const names = Object.keys(stored).sort();
    return new Map(names.map((name) => [name, parseQueuePolicy(stored[name] ?? '')]));
  }
}
