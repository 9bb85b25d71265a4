import type { Logger } from 'pino';
import type { QueuePolicy } from '../job/queue-policy.js';
import type { Leadership } from '../recovery/leadership.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { QueueDirectory } from '../transport/queue-directory.js';
import { QueueFences } from '../transport/queue-fences.js';

/** The queues of the pool as a supervisor sees them: to read as they are listed, to write to once they are fenced. */
export class LeaderQueues {
  readonly #directory: QueueDirectory;
  readonly #fences: QueueFences;

  constructor(client: RedisClient, keyspace: Keyspace, log: Logger) {
    this.#directory = new QueueDirectory(client, keyspace);
    this.#fences = new QueueFences(client, keyspace, log);
  }

  /** All of them by name, each with its policy. */
  list(): Promise<Map<string, QueuePolicy>> {
    return this.#directory.list();
  }

  async names(): Promise<string[]> {
    return [...(await this.list()).keys()];
  }

  /** Shuts out all leaders before this epoch. Answers the highest epoch that it found: one above it was there already. */
  async raiseFences(epoch: number): Promise<number> {
    return this.#fences.raise(epoch, await this.names());
  }

  /** Their names for whoever is about to write: those that came since the election are fenced before. */
  async fencedNames(leadership: Leadership): Promise<string[]> {
    const names = await this.names();
    const epoch = leadership.term;
    if (epoch !== undefined && (await this.#fences.raiseNew(epoch, names)) > epoch) leadership.deposed(epoch);
    return names;
  }
}
