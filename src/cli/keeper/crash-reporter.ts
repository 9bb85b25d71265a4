import type { Logger } from 'pino';
import type { CrashRecord } from '../../recovery/crash-record.js';
import { CrashStore } from '../../recovery/crash-store.js';
import type { OpenRedis } from '../../redis/open-redis.js';

/**
 * Tells Redis how workers died, for the supervisor that dead-letters what killed them. A Redis that is away costs the report,
 * which is dropped when the command times out.
 */
export class CrashReporter {
  readonly #store: CrashStore;
  readonly #log: Logger;
  #failing = false;

  constructor({ client, keyspace }: OpenRedis, log: Logger) {
    this.#store = new CrashStore(client, keyspace);
    this.#log = log;
  }

  /** Never throws. */
  async report(workerId: string, record: CrashRecord): Promise<void> {
    try {
      await this.#store.write(workerId, record);
      this.#failing = false;
    } catch (err) {
      if (!this.#failing) this.#log.debug({ err, worker: workerId }, 'crash.unreported');
      this.#failing = true;
    }
  }
}
