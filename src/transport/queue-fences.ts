import type { Logger } from 'pino';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { raiseFenceScript } from './transition-scripts.js';

/** So many are raised at once. */
const atOnce = 100;

/**
 * Shuts out from the queues whatever an earlier leader still has under way. The lease of the lead lies in one slot of Redis and each
 * queue in another, so no write can check the lease: each queue has a fence of its own, which lets no epoch pass that is lower than one
 * before.
 */
export class QueueFences {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #log: Logger;
  #epoch = 0;
  /** Whose fence stands at the epoch, or could not be raised: the first write raises that one. */
  #done = new Set<string>();

  constructor(client: RedisClient, keyspace: Keyspace, log: Logger) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#log = log;
  }

  /** Raises the fences of these queues. Answers the highest epoch that it found: one above `epoch` is a later leader's. */
  raise(epoch: number, queues: Iterable<string>): Promise<number> {
    this.#epoch = epoch;
    this.#done = new Set();
    return this.raiseNew(epoch, queues);
  }

  /** The same for those of the queues that have come since. */
  async raiseNew(epoch: number, queues: Iterable<string>): Promise<number> {
    if (epoch !== this.#epoch) return this.raise(epoch, queues);
    const left = [...queues].filter((queue) => !this.#done.has(queue));
    let highest = epoch;
    for (let from = 0; from < left.length; from += atOnce) {
      const found = await Promise.all(left.slice(from, from + atOnce).map((queue) => this.#raiseOne(epoch, queue)));
      highest = Math.max(highest, ...found);
    }
    return highest;
  }

  async #raiseOne(epoch: number, queue: string): Promise<number> {
    try {
      const found = await raiseFenceScript.run(this.#client, { fence: this.#keyspace.fence(queue) }, { epoch });
      if (found === epoch && epoch === this.#epoch) this.#done.add(queue);
      return found;
    } catch (error) {
      // One queue that cannot be written must not keep the others without a leader.
      this.#log.warn({ queue, epoch, err: error }, 'fence.failed');
      this.#done.add(queue);
      return epoch;
    }
  }
}
