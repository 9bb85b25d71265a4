import { closeRedis } from '../redis/connection.js';
import { type OpenRedis, openRedis } from '../redis/open-redis.js';
import { DirectiveFollower } from '../shedding/directive-follower.js';
import { ShedStore } from '../shedding/shed-store.js';
import { systemClock } from '../time/clock.js';
import { QueueDirectory } from '../transport/queue-directory.js';
import { QueueInspector } from '../transport/queue-inspector.js';
import { QueueWriter } from '../transport/queue-writer.js';
import { Admission } from './admission.js';
import type { ProducerParts } from './producer-parts.js';

/** What a producer can do once it is connected. */
export interface ProducerSession extends OpenRedis {
  readonly writer: QueueWriter;
  readonly directory: QueueDirectory;
  readonly inspector: QueueInspector;
  readonly admission: Admission;
}

/** The connection of a producer: made when first asked for, once for all who ask, and made anew after it failed. */
export class ProducerConnection {
  readonly #parts: ProducerParts;
  readonly #name: string;
  #session: Promise<ProducerSession> | undefined;
  #opened: ProducerSession | undefined;

  constructor(parts: ProducerParts, name: string) {
    this.#parts = parts;
    this.#name = name;
  }

  /** The session, once it stands: whoever enqueues needs not wait for it then. */
  get opened(): ProducerSession | undefined {
    return this.#opened;
  }

  /** @throws RedisUnavailableError when Redis cannot be reached; RedisMisconfiguredError when it would lose jobs. */
  async session(): Promise<ProducerSession> {
    this.#session ??= this.#connect();
    const session = this.#session;
    try {
      const opened = await session;
      // Closed meanwhile, it is not to be used by whoever comes next.
      if (this.#session === session) this.#opened = opened;
      return opened;
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#opened = undefined;
    // A connection that failed was told to whoever asked for it, and leaves nothing to close.
    const open = await session?.catch(() => undefined);
    if (open) await closeRedis(open.client);
  }

  async #connect(): Promise<ProducerSession> {
    const { redis, producer, log, metrics } = this.#parts;
    const open = await openRedis({ redis, name: `bulwark:${this.#name}`, manner: 'prompt', log, metrics });
    const { client, keyspace, reportError } = open;
    const store = new ShedStore(client, keyspace);
    const follower = new DirectiveFollower({ store, clock: systemClock, onError: reportError });
    // Heard of before its first job, so that a producer that lives for one job alone obeys too.
    await follower.refresh().catch(reportError);
    const { shedWaitMs: waitMs } = producer;
    return {
      ...open,
      writer: new QueueWriter(client, keyspace, producer.batchSize),
      directory: new QueueDirectory(client, keyspace),
      inspector: new QueueInspector(client, keyspace),
      admission: new Admission({ follower, waitMs, clock: systemClock, random: Math.random, metrics }),
    };
  }
}
