import type { AuditEntry } from '../audit/audit-entry.js';
import { AuditLog } from '../audit/audit-log.js';
import { BreakerStore } from '../breaker/breaker-store.js';
import type { ResolvedRedisOptions } from '../config/option-types.js';
import { DeadLetterStore } from '../dead-letter/dead-letter-store.js';
import { nearestWord } from '../errors/suggestion.js';
import { deadLetterSuffix } from '../job/define-queue.js';
import { FleetStore } from '../recovery/fleet-store.js';
import { closeRedis, connectRedis, type RedisClient, redisAddress } from '../redis/connection.js';
import { Keyspace } from '../redis/keyspace.js';
import { ScaleStore } from '../scaling/scale-store.js';
import { ShedStore } from '../shedding/shed-store.js';
import { systemClock } from '../time/clock.js';
import { JobTraces } from '../transport/job-traces.js';
import { ParkedJobs } from '../transport/parked-jobs.js';
import { QueueAdmin } from '../transport/queue-admin.js';
import { QueueDirectory } from '../transport/queue-directory.js';
import { QueueInspector } from '../transport/queue-inspector.js';
import { operatorName } from './operator.js';
import { UnknownQueueError } from './unknown-queue-error.js';

/** What an operator does; who that is, the session knows. */
type OperatorEntry = Unsigned<AuditEntry>;
type Unsigned<Entry> = Entry extends AuditEntry ? Omit<Entry, 'by'> : never;

/** One command's view of the pool: a connection and everything that can be asked of it. */
export class RedisSession {
  readonly directory: QueueDirectory;
  readonly inspector: QueueInspector;
  readonly traces: JobTraces;
  readonly admin: QueueAdmin;
  readonly fleet: FleetStore;
  readonly breakers: BreakerStore;
  readonly parked: ParkedJobs;
  readonly scale: ScaleStore;
  readonly shed: ShedStore;

  constructor(
    readonly client: RedisClient,
    readonly keyspace: Keyspace,
    /** Where it is, fit to be shown. */
    readonly address: string,
  ) {
    this.directory = new QueueDirectory(client, keyspace);
    this.inspector = new QueueInspector(client, keyspace);
    this.traces = new JobTraces(client, keyspace);
    // Errors of the shared connection reach the command through what it asked.
    this.admin = new QueueAdmin(client, keyspace, () => undefined);
    this.fleet = new FleetStore(client, keyspace);
    this.breakers = new BreakerStore(client, keyspace);
    this.parked = new ParkedJobs(client, keyspace);
    this.scale = new ScaleStore(client, keyspace);
    this.shed = new ShedStore(client, keyspace);
  }

  /** The names of all queues, in order. */
  async queueNames(): Promise<string[]> {
    return [...(await this.directory.list()).keys()];
  }

  /**
   * Makes sure that a queue exists: a mistyped name must not look like an empty queue.
   *
   * @throws UnknownQueueError naming the known ones.
   */
  async requireQueue(name: string): Promise<string> {
    const known = await this.queueNames();
    if (known.includes(name)) return name;
    const served = name.endsWith(deadLetterSuffix) ? name.slice(0, -deadLetterSuffix.length) : undefined;
    const suggestion = served !== undefined && known.includes(served) ? served : nearestWord(name, known);
    throw new UnknownQueueError(name, known, suggestion, { namespace: this.keyspace.namespace, address: this.address });
  }

  deadLetters(queue: string): DeadLetterStore {
    return new DeadLetterStore(this.client, this.keyspace, queue);
  }

  /** Writes down what the operator is about to do, before it is done. Rejects when that cannot be written: do not do it. */
  async writeDown(entry: OperatorEntry): Promise<void> {
    await new AuditLog(this.client, this.keyspace).append({ ...entry, by: operatorName() }, systemClock.now());
  }

  close(): Promise<void> {
    return closeRedis(this.client);
  }
}

/**
 * Connects a command. Whether this Redis can be trusted with jobs is not asked: an operator must be able to look at one
 * that cannot.
 *
 * @throws RedisUnavailableError when there is no connection in time.
 */
export async function openRedisSession(redis: ResolvedRedisOptions): Promise<RedisSession> {
  const client = await connectRedis({ redis, name: `bulwark:cli:${process.pid}`, manner: 'prompt' });
  return new RedisSession(client, new Keyspace(redis.namespace), redisAddress(redis));
}
