import type { RedisClient } from '../redis/connection.js';
import { deadLetterQueue, type Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { queueKeys } from '../transport/queue-keys.js';
import { type LetterEntry, type LetterPagesOptions, letterPages, momentOf, oldestLetters } from './letter-pages.js';
import { type LetterFields, parseLetter, parseSummary, summaryFields } from './parse-letter.js';
import type { DeadLetter, LetterSummary } from './record.js';
import {
  type PurgeReply,
  purgeScript,
  type RedrivenOutcome,
  type RedriveReply,
  redrivenOutcomesScript,
  redriveScript,
} from './scripts.js';

/** A letter that is meant: with the moment of its death, only if it has not died again since. */
export type MeantLetter = Pick<LetterSummary, 'deadId' | 'id'> & { readonly diedAt?: EpochMs };

/** How a redrive changes the job. */
export interface RedriveChange {
  /** Who does it: its trail says so. */
  readonly by: string;
  /** JSON in place of its payload. */
  readonly dataJson?: string;
}

/** The dead letters of one queue. */
export class DeadLetterStore {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly queue: string;

  constructor(client: RedisClient, keyspace: Keyspace, queue: string) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.queue = queue;
  }

  count(): Promise<number> {
    return this.#client.zcard(this.#keys.failed);
  }

  /** Goes through all dead letters, page by page, without their payloads. */
  async *pages(order: LetterPagesOptions['order'], size: number): AsyncGenerator<LetterSummary[]> {
    for await (const entries of letterPages(this.#client, { key: this.#keys.failed, order, size })) {
      yield await this.#summarize(entries);
    }
  }

  /** The oldest dead letters, the oldest first. */
  oldest(most: number): Promise<LetterEntry[]> {
    return oldestLetters(this.#client, this.#keys.failed, most);
  }

  /** The dead letters under these ids, without their payloads; undefined where there is none. */
  async summaries(ids: readonly string[]): Promise<(LetterSummary | undefined)[]> {
    if (ids.length === 0) return [];
    const scores = await this.#client.zmscore(this.#keys.failed, ...ids);
    const entries = ids.flatMap((deadId, index) => {
      const score = scores[index];
      return score == null ? [] : [{ deadId, diedAt: momentOf(score) }];
    });
    const found = new Map((await this.#summarize(entries)).map((letter) => [letter.deadId, letter]));
    return ids.map((id) => found.get(id));
  }

  /** One dead letter, whole; undefined when there is none under this id. */
  async get(deadId: string): Promise<DeadLetter | undefined> {
    const key = `${this.#keys['']}${deadId}`;
    const [score, fields] = await Promise.all([
      this.#client.zscore(this.#keys.failed, deadId),
      this.#client.hgetall(key).catch(withoutWrongType),
    ]);
    if (score === null || (fields !== undefined && Object.keys(fields).length === 0)) return undefined;
    return parseLetter({ queue: this.queue, deadId, diedAt: momentOf(score) }, fields ?? {});
  }

  /** Puts one dead letter back into its queue, in one step: at any moment it is either dead or live. */
  redrive({ deadId, id, diedAt }: MeantLetter, { by, dataJson = '' }: RedriveChange): Promise<RedriveReply> {
    const live = queueKeys(this.#keyspace, this.queue);
    return redriveScript.run(
      this.#client,
      {
        dead: `${this.#keys['']}${deadId}`,
        deadFailed: this.#keys.failed,
        job: `${live['']}${id}`,
        wait: live.wait,
        prioritized: live.prioritized,
        priorityCounter: live.pc,
        marker: live.marker,
        events: live.events,
        meta: live.meta,
        turns: this.#keyspace.turns(this.queue),
      },
      { deadId, id, diedAt: diedAt ?? '', data: dataJson, by, ledgerBase: this.#keyspace.ledgerBase(this.queue) },
    );
  }

  /** What has become of jobs that were redriven. Ask for a few hundred at a time. */
  outcomes(redriven: readonly { readonly id: string; readonly at: EpochMs }[]): Promise<RedrivenOutcome[]> {
    return redrivenOutcomesScript.run(
      this.#client,
      { deadFailed: this.#keys.failed },
      { base: this.#keyspace.queueBase(this.queue), deadBase: this.#keys[''] },
      redriven.flatMap(({ id, at }) => [id, at]),
    );
  }

  /** Deletes one dead letter for good. A leader gives its epoch. */
  purge({ deadId, diedAt }: Pick<MeantLetter, 'deadId' | 'diedAt'>, epoch?: number): Promise<PurgeReply> {
    return purgeScript.run(
      this.#client,
      {
        dead: `${this.#keys['']}${deadId}`,
        deadFailed: this.#keys.failed,
        fence: this.#keyspace.fence(this.queue),
      },
      { deadId, diedAt: diedAt ?? '', ledgerBase: this.#keyspace.ledgerBase(this.queue), epoch: epoch ?? '' },
    );
  }

  /** Reads a few fields of each. One whose hash is gone is left out; one that is no hash is a letter that says nothing. */
  async #summarize(entries: readonly LetterEntry[]): Promise<LetterSummary[]> {
    if (entries.length === 0) return [];
    const pipeline = this.#client.pipeline();
    for (const { deadId } of entries) pipeline.hmget(`${this.#keys['']}${deadId}`, ...summaryFields, 'timestamp');
    const replies = (await pipeline.exec()) ?? [];
    return entries.flatMap((entry, index) => {
      const [error, reply] = replies[index] ?? [null, null];
      const values = error ? withoutWrongType(error) : (reply as (string | null)[]);
      if (values?.every((value) => value === null)) return [];
      const fields: LetterFields = Object.fromEntries(
        summaryFields.map((field, at) => [field, values?.[at] ?? undefined]),
      );
      return [parseSummary({ queue: this.queue, ...entry }, fields)];
    });
  }

  get #keys() {
    return queueKeys(this.#keyspace, deadLetterQueue(this.queue));
  }
}

/** A key of another type than a job's is somebody else's hand: no reason to see nothing of all the others. */
function withoutWrongType(error: Error): undefined {
  if (!error.message.startsWith('WRONGTYPE')) throw error;
}
