import type { DeadLetterRecord } from '../dead-letter/record.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { deadLetterQueue } from '../redis/keyspace.js';
import { BackendByQueue } from './backend-by-queue.js';
import { queueKeys } from './queue-keys.js';
import { deadLetterScript, type RecoveryReply, releaseScript } from './scripts.js';

/** Changes queues on behalf of an operator or of the supervisor. */
export class QueueAdmin {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #backends: BackendByQueue;

  constructor(client: RedisClient, keyspace: Keyspace, onError: (error: Error) => void) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#backends = new BackendByQueue(client, keyspace, onError);
  }

  /** The queue gives no more jobs; running ones go on, and enqueuing goes on. */
  async pause(queue: string): Promise<void> {
    await this.#backends.get(queue).pause(true);
  }

  async resume(queue: string): Promise<void> {
    await this.#backends.get(queue).pause(false);
  }

  /** Deletes every job that waits, delayed ones included. Running jobs and dead letters stay. */
  async purge(queue: string): Promise<void> {
    await this.#backends.get(queue).drain(true);
  }

  /** Puts an active job back because its owner is gone. An empty token stands for a lease that ran out. `epoch` is the leader's. */
  recover(queue: string, id: string, token: string, epoch: number): Promise<RecoveryReply> {
    return this.#putBack(queue, id, token, '', epoch);
  }

  async #putBack(queue: string, id: string, token: string, failure: string, epoch: number): Promise<RecoveryReply> {
    const { active, stalled, wait, prioritized, pc, marker, events, meta } = queueKeys(this.#keyspace, queue);
    return releaseScript.run(
      this.#client,
      {
        job: this.#keyspace.queue(queue, id),
        active,
        stalled,
        wait,
        prioritized,
        priorityCounter: pc,
        marker,
        events,
        meta,
        fence: this.#keyspace.fence(queue),
      },
      { id, token, crashed: 1, failure, epoch },
    );
  }

  /**
   * Dead-letters an active job whose owner is gone. The child of a flow is put back with BullMQ's mark of failure instead: the
   * worker that takes it fails it inside its queue, so that its parent is told.
   */
  async deadLetterOrphan(
    queue: string,
    id: string,
    token: string,
    record: DeadLetterRecord,
    epoch: number,
  ): Promise<RecoveryReply> {
    const isChild = await this.#client.hexists(this.#keyspace.queue(queue, id), 'parentKey');
    if (isChild === 1) return this.#putBack(queue, id, token, record.error.message, epoch);
    const keys = queueKeys(this.#keyspace, queue);
    const dead = queueKeys(this.#keyspace, deadLetterQueue(queue));
    return deadLetterScript.run(
      this.#client,
      {
        job: this.#keyspace.queue(queue, id),
        active: keys.active,
        stalled: keys.stalled,
        events: keys.events,
        meta: keys.meta,
        marker: keys.marker,
        deadFailed: dead.failed,
        deadEvents: dead.events,
        deadMeta: dead.meta,
        fence: this.#keyspace.fence(queue),
      },
      {
        id,
        token,
        base: keys[''],
        deadBase: dead[''],
        record: JSON.stringify(record),
        attempt: '',
        keep: 0,
        message: record.error.message,
        stack: '[]',
        data: '',
        opts: '',
        crashed: 1,
        epoch,
      },
    );
  }
}
