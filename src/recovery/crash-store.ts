import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { type CrashRecord, parseCrashRecord } from './crash-record.js';

/** The jobs of a worker that died are judged within seconds; a day is for whoever looks into it. */
const keptMs = 24 * 3_600_000;

/** How processes of workers ended, written by those that had started them. */
export class CrashStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  async write(worker: string, record: CrashRecord): Promise<void> {
    await this.#client.set(this.#keyspace.crash(worker), JSON.stringify(record), 'PX', keptMs);
  }

  /** Undefined when nobody saw the worker's process end. */
  async read(worker: string): Promise<CrashRecord | undefined> {
    return parseCrashRecord(await this.#client.get(this.#keyspace.crash(worker)));
  }
}
