import { parseCrashes } from '../job/crash.js';
import { jobMetaOption, parseJobMeta } from '../job/job-meta.js';
import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import { deadLetterQueue, type Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { numberOr0, parseAttempts, parseOr } from '../transport/queue-inspector.js';
import { queueKeys } from '../transport/queue-keys.js';
import type { DeadLetter, DeadLetterRecord } from './record.js';

/** `redriven`, or why not: it is no longer dead-lettered, or its id is taken by a job in the queue. */
export type RedriveReply = 'redriven' | 'not_found' | 'id_taken';

const redriveScript = defineScript({
  file: new URL('./lua/redrive.lua', import.meta.url),
  keys: ['dead', 'deadFailed', 'job', 'wait', 'prioritized', 'priorityCounter', 'marker', 'events', 'meta'],
  args: ['deadId', 'id'],
  reply: (raw): RedriveReply => {
    switch (raw) {
      case 0:
        return 'redriven';
      case -1:
        return 'not_found';
      case -2:
        return 'id_taken';
      default:
        throw new TypeError(`unknown code ${String(raw)}`);
    }
  },
});

const purgeScript = defineScript({
  file: new URL('./lua/purge.lua', import.meta.url),
  keys: ['dead', 'deadFailed'],
  args: ['deadId'],
  reply: (raw): boolean => raw === 1,
});

/** The dead letters of one queue. */
export class DeadLetterStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #queue: string;

  constructor(client: RedisClient, keyspace: Keyspace, queue: string) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#queue = queue;
  }

  count(): Promise<number> {
    return this.#client.zcard(this.#keys.failed);
  }

  /** Ids in the dead-letter queue, the newest first. */
  ids(offset: number, limit: number): Promise<string[]> {
    return this.#client.zrevrange(this.#keys.failed, offset, offset + limit - 1);
  }

  /** Dead letters, the newest first. */
  async list(offset: number, limit: number): Promise<DeadLetter[]> {
    const ids = await this.ids(offset, limit);
    const letters = await Promise.all(ids.map((id) => this.get(id)));
    return letters.filter((letter) => letter !== undefined);
  }

  /** One dead letter, whole; undefined when there is none under this id. */
  async get(deadId: string): Promise<DeadLetter | undefined> {
    const hash = await this.#client.hgetall(`${this.#keys['']}${deadId}`);
    const record = parseOr(hash['bwd'], undefined) as DeadLetterRecord | null | undefined;
    if (typeof record !== 'object' || record === null) return undefined;
    const opts = parseOr(hash['opts'], {}) as Record<string, unknown> | null;
    const { key, tenant, version } = parseJobMeta(opts?.[jobMetaOption]);
    return {
      ...record,
      deadId,
      kind: hash['name'] ?? '',
      payload: parseOr(hash['data'], hash['data']),
      ...(key !== undefined && { key }),
      ...(tenant !== undefined && { tenant }),
      ...(version !== undefined && { version }),
      enqueuedAt: numberOr0(hash['timestamp']) as EpochMs,
      diedAt: numberOr0(hash['finishedOn']) as EpochMs,
      attempts: parseAttempts(hash['bwh']),
      crashes: numberOr0(hash['bwc']),
      crashHistory: parseCrashes(hash['bwk']),
    };
  }

  /** Puts one dead letter back into its queue, in one step: at any moment it is either dead or live. */
  async redrive(letter: Pick<DeadLetter, 'deadId' | 'id'>): Promise<RedriveReply> {
    const live = queueKeys(this.#keyspace, this.#queue);
    return redriveScript.run(
      this.#client,
      {
        dead: `${this.#keys['']}${letter.deadId}`,
        deadFailed: this.#keys.failed,
        job: `${live['']}${letter.id}`,
        wait: live.wait,
        prioritized: live.prioritized,
        priorityCounter: live.pc,
        marker: live.marker,
        events: live.events,
        meta: live.meta,
      },
      { deadId: letter.deadId, id: letter.id },
    );
  }

  /** Deletes one dead letter for good; false when there is none under this id. */
  purge(deadId: string): Promise<boolean> {
    const { failed } = this.#keys;
    return purgeScript.run(this.#client, { dead: `${this.#keys['']}${deadId}`, deadFailed: failed }, { deadId });
  }

  get #keys() {
    return queueKeys(this.#keyspace, deadLetterQueue(this.#queue));
  }
}
