import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { BullmqBackend } from './bullmq-backend.js';

/** One backend per queue, made when first asked for: each listens to the connection for as long as that lives. */
export class BackendByQueue {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #onError: (error: Error) => void;
  readonly #backends = new Map<string, BullmqBackend>();

  constructor(client: RedisClient, keyspace: Keyspace, onError: (error: Error) => void) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#onError = onError;
  }

  get(queue: string): BullmqBackend {
    let backend = this.#backends.get(queue);
    if (!backend) {
      backend = new BullmqBackend({ client: this.#client, keyspace: this.#keyspace, queue, onError: this.#onError });
      this.#backends.set(queue, backend);
    }
    return backend;
  }
}
