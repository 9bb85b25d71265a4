import type { DeadLetterRecord } from '../dead-letter/record.js';
import type { JobCrash } from '../job/crash.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { deadLetterQueue, isDeadLetterQueue } from '../redis/keyspace.js';
import { BackendByQueue } from './backend-by-queue.js';
import type { PlaceName } from './job-places.js';
import { queueKeys } from './queue-keys.js';
import {
  type CancelReply,
  cancelScript,
  deadLetterScript,
  quarantineScript,
  type RecoveryReply,
  releaseKeys,
  releaseScript,
  repairJobScript,
} from './transition-scripts.js';

/** An active job that lost its worker. */
export interface Orphan {
  readonly queue: string;
  readonly id: string;
  /** The lease's token; empty when nobody holds it any more. */
  readonly token: string;
  /** How it was lost, for its history, of which the last `keepCrashes` stay. */
  readonly crash: JobCrash;
  readonly keepCrashes: number;
  /** The term of the leader that found it. */
  readonly epoch: number;
}

/** Suspects come back at most so late. */
const longestQuarantineMs = 3_600_000;

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

  /** Dead-letters a job that has not been started, or says why not. With `dry` it changes nothing. */
  cancel(queue: string, id: string, record: DeadLetterRecord, dry: boolean): Promise<CancelReply> {
    const { active, wait, prioritized, delayed, pc, marker, events, meta, '': base } = queueKeys(this.#keyspace, queue);
    const dead = this.#deadKeys(queue);
    return cancelScript.run(
      this.#client,
      {
        job: `${base}${id}`,
        active,
        wait,
        prioritized,
        delayed,
        priorityCounter: pc,
        marker,
        events,
        meta,
        ...dead.keys,
        turns: this.#keyspace.turns(queue),
      },
      {
        id,
        base,
        deadBase: dead.base,
        record: JSON.stringify(record),
        message: record.error.message,
        parkedBase: this.#keyspace.parkedBase(queue),
        ledgerBase: this.#keyspace.ledgerBase(queue),
        dry: dry ? 1 : 0,
      },
    );
  }

  /** Puts an orphan back to its place in the queue. */
  recover(orphan: Orphan): Promise<RecoveryReply> {
    return this.#putBack(orphan, '');
  }

  /**
   * Sets an orphan aside until it can run alone. If nobody runs it alone, it comes back by itself after `delayMs`, and `spacingMs` later for
   * each that is set aside already. Without a delay, and with nobody else aside, it goes back to its place at once.
   */
  quarantine(
    { queue, id, token, crash, keepCrashes, epoch }: Orphan,
    { delayMs, spacingMs }: { readonly delayMs: number; readonly spacingMs: number },
  ): Promise<RecoveryReply> {
    const keys = queueKeys(this.#keyspace, queue);
    const { active, stalled, wait, prioritized, pc, delayed, events, meta, marker, '': base } = keys;
    return quarantineScript.run(
      this.#client,
      {
        job: `${base}${id}`,
        active,
        stalled,
        delayed,
        parked: this.#keyspace.parked(queue, 'quarantine'),
        events,
        meta,
        marker,
        wait,
        prioritized,
        priorityCounter: pc,
        fence: this.#keyspace.fence(queue),
      },
      {
        id,
        token,
        base,
        parkedBase: this.#keyspace.parkedBase(queue),
        crash: JSON.stringify(crash),
        keep: keepCrashes,
        delay: delayMs,
        spacing: spacingMs,
        most: Math.max(delayMs, longestQuarantineMs),
        epoch,
      },
    );
  }

  /**
   * Dead-letters an orphan. The child of a flow is put back with BullMQ's mark of failure instead: the worker that takes it fails it
   * inside its queue, so that its parent is told.
   */
  async deadLetterOrphan(orphan: Orphan, record: DeadLetterRecord): Promise<RecoveryReply> {
    const { queue, id, token, crash, keepCrashes, epoch } = orphan;
    const { active, stalled, events, meta, marker, '': base } = queueKeys(this.#keyspace, queue);
    const isChild = await this.#client.hexists(`${base}${id}`, 'parentKey');
    if (isChild === 1) return this.#putBack(orphan, record.error.message);
    const dead = this.#deadKeys(queue);
    return deadLetterScript.run(
      this.#client,
      { job: `${base}${id}`, active, stalled, events, meta, marker, ...dead.keys, fence: this.#keyspace.fence(queue) },
      {
        id,
        token,
        base,
        deadBase: dead.base,
        record: JSON.stringify(record),
        attempt: '',
        keep: 0,
        message: record.error.message,
        stack: '[]',
        data: '',
        opts: '',
        crash: JSON.stringify(crash),
        keepCrashes,
        ledgerBase: this.#keyspace.ledgerBase(queue),
        epoch,
      },
    );
  }

  /**
   * Puts right a job that is in no place, or with `keep` in several, of which that one stays. `left` when it is not so any more.
   */
  repair(
    queue: string,
    id: string,
    keep: PlaceName | undefined,
    epoch: number,
  ): Promise<'repaired' | 'left' | 'deposed'> {
    const keys = queueKeys(this.#keyspace, queue);
    const { wait, active, prioritized, delayed, completed, failed, paused, marker, events, meta, pc, '': base } = keys;
    return repairJobScript.run(
      this.#client,
      {
        wait,
        active,
        prioritized,
        delayed,
        waitingChildren: keys['waiting-children'],
        completed,
        failed,
        paused,
        job: `${base}${id}`,
        priorityCounter: pc,
        marker,
        events,
        meta,
        fence: this.#keyspace.fence(queue),
      },
      { id, base, keep: keep ?? '', isDead: isDeadLetterQueue(queue) ? 1 : 0, epoch },
    );
  }

  async #putBack({ queue, id, token, crash, keepCrashes, epoch }: Orphan, failure: string): Promise<RecoveryReply> {
    const base = this.#keyspace.queueBase(queue);
    const lost = { crash: JSON.stringify(crash), keep: keepCrashes, failure };
    const args = { id, token, base, ...lost, epoch, reason: '', worker: '' };
    return releaseScript.run(this.#client, releaseKeys(this.#keyspace, queue, id), args);
  }

  #deadKeys(queue: string) {
    const { failed, events, meta, '': base } = queueKeys(this.#keyspace, deadLetterQueue(queue));
    return { base, keys: { deadFailed: failed, deadEvents: events, deadMeta: meta } };
  }
}
