import type { Redis } from 'ioredis';
import { deadLetterQueue, type Keyspace } from '../../src/redis/keyspace.js';

/** A letter to be put into Redis as a worker would have left it. Only what is given matters. */
export interface GivenLetter {
  readonly id: string;
  readonly deadId?: string;
  readonly diedAt?: number;
  readonly kind?: string;
  readonly payload?: unknown;
  readonly reason?: string;
  readonly error?: object;
  readonly tenant?: string;
  /** Fields in place of those, as text. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** Puts letters among the dead ones of a queue, without anybody having died. */
export async function putLetters(
  client: Redis,
  keyspace: Keyspace,
  queue: string,
  letters: readonly GivenLetter[],
): Promise<void> {
  const dead = deadLetterQueue(queue);
  await client.hsetnx(keyspace.queues, queue, JSON.stringify({ criticality: 'critical', sloMs: 10_000 }));
  for (let from = 0; from < letters.length; from += 1_000) {
    const pipeline = client.pipeline();
    for (const letter of letters.slice(from, from + 1_000)) {
      const { id, deadId = id, diedAt = 1_700_000_000_000 } = letter;
      pipeline.hset(keyspace.queue(dead, deadId), fieldsOf(queue, letter));
      pipeline.zadd(keyspace.queue(dead, 'failed'), diedAt, deadId);
    }
    const replies = await pipeline.exec();
    for (const [error] of replies ?? []) if (error) throw error;
  }
}

function fieldsOf(queue: string, letter: GivenLetter): Record<string, string> {
  const { id, kind = 'refuse', payload = { why: 'x' }, reason = 'permanent_error', error, tenant, fields } = letter;
  const defaults = { class: 'permanent', name: 'PermanentError', message: 'no paper', fingerprint: 'f00' };
  const record = { reason, queue, id, by: 'w1', error: { ...defaults, ...error } };
  return {
    name: kind,
    data: JSON.stringify(payload),
    opts: JSON.stringify({ attempts: 1, bw: { version: 1, ...(tenant !== undefined && { tenant }) } }),
    timestamp: '1600000000000',
    priority: '0',
    delay: '0',
    ats: '1',
    bwd: JSON.stringify(record),
    failedReason: record.error.message,
    stacktrace: '[]',
    finishedOn: String(letter.diedAt ?? 1_700_000_000_000),
    ...fields,
  };
}
