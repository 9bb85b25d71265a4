import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { type CrashRecord, parseCrashRecord } from './crash-record.js';

/** By then somebody has looked, or nobody will. */
const keptMs = 24 * 60 * 60_000;

/** What keepers told of workers that died, by the worker's id. One key and one command each, so no script is needed. */
export class CrashStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /** Keeps a record for a day. */
  async write(workerId: string, record: CrashRecord): Promise<void> {
    await this.#client.set(this.#keyspace.crash(workerId), JSON.stringify(record), 'PX', keptMs);
  }

  /** Undefined when no keeper saw this worker die: it had none, or its keeper died with it. */
  async read(workerId: string): Promise<CrashRecord | undefined> {
    const json = await this.#client.get(this.#keyspace.crash(workerId));
    return json === null ? undefined : parseCrashRecord(json);
  }
}
