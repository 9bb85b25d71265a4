import type { RedisClient } from '../redis/connection.js';
import { deadLetterQueue, type Keyspace } from '../redis/keyspace.js';
import { queueKeys } from '../transport/queue-keys.js';
import type { RawFields, RawLetter } from './letter-line.js';
import type { LetterSummary } from './record.js';
import { type ImportReply, importScript } from './scripts.js';

/** Takes dead letters out of Redis as they lie there, and puts them back. */
export class LetterArchive {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /** A letter with all that belongs to it; undefined when it is gone, or is no job. */
  async read({ queue, deadId, id, diedAt }: LetterSummary): Promise<RawLetter | undefined> {
    const key = this.#deadKey(queue, deadId);
    const replies = await this.#client
      .pipeline()
      .hgetallBuffer(key)
      .lrange(`${key}:logs`, 0, -1)
      .hgetallBuffer(`${key}:processed`)
      .hgetallBuffer(`${key}:failed`)
      .exec();
    const [fields, logs, processed, failed] = (replies ?? []).map(([error, reply]) => {
      if (error !== null && !error.message.startsWith('WRONGTYPE')) throw error;
      return error === null ? reply : undefined;
    });
    const found = asFields(fields);
    if (found.size === 0) return undefined;
    return {
      queue,
      deadId,
      id,
      diedAt,
      fields: found,
      logs: (logs as string[] | undefined) ?? [],
      processed: asFields(processed),
      failed: asFields(failed),
    };
  }

  /** Puts a letter back as it was, in one step, unless a letter or a job with its id is there. With `dry` it changes nothing. */
  put(letter: RawLetter, dry: boolean): Promise<ImportReply> {
    const { queue, deadId, id, diedAt, fields, logs, processed, failed } = letter;
    return importScript.run(
      this.#client,
      {
        dead: this.#deadKey(queue, deadId),
        deadFailed: queueKeys(this.#keyspace, deadLetterQueue(queue)).failed,
        job: this.#keyspace.queue(queue, id),
      },
      {
        deadId,
        diedAt,
        dry: dry ? 1 : 0,
        fields: fields.size,
        logs: logs.length,
        processed: processed.size,
        failed: failed.size,
      },
      [...[...fields].flat(), ...logs, ...[...processed].flat(), ...[...failed].flat()],
    );
  }

  #deadKey(queue: string, deadId: string): string {
    return this.#keyspace.queue(deadLetterQueue(queue), deadId);
  }
}

function asFields(reply: unknown): RawFields {
  return new Map(Object.entries((reply ?? {}) as Readonly<Record<string, Buffer>>));
}
