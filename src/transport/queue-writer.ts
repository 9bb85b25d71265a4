import { setImmediate } from 'node:timers/promises';
import { type JobMeta, jobMetaOption } from '../job/job-meta.js';
import { carrierOption } from '../job/trace-carrier.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { AddCalls, type AddedJob, type JobWords } from './add-calls.js';

/** A job that is about to be written. */
export interface NewJob {
  readonly id: string;
  readonly kind: string;
  readonly payloadJson: string;
  readonly meta: JobMeta;
  /** What it carries of the trace that it belongs to. */
  readonly carrier?: string | undefined;
  readonly enqueuedAt: EpochMs;
  /** Start no sooner than this long after `enqueuedAt`. */
  readonly delayMs: number;
  /** BullMQ's priority: 0 is the plain queue, which goes first; then 1 before 2 before 3 … */
  readonly priority: number;
  /** Of the payload, where the id is the digest of a key. */
  readonly fingerprint?: string;
  /** Weight and tenant, where the tenants of the queue have turns: the job starts at its tenant's next then, and its priority is 1. */
  readonly share?: string;
}

/** Adds jobs to queues, in BullMQ's layout. Adding an id that is there already changes nothing. */
export class QueueWriter {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #batchSize: number;
  readonly #queues = new Map<string, AddCalls>();

  constructor(client: RedisClient, keyspace: Keyspace, batchSize: number) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#batchSize = batchSize;
  }

  /** Writes jobs of one queue, so many to a call. After an error some of the calls may have been carried out. */
  add(queue: string, jobs: readonly NewJob[]): Promise<AddedJob[]> {
    return this.addEach(queue, jobs.length, (index) => jobs[index] as NewJob);
  }

  /** The same for jobs that are made one by one: while Redis works on some, the next are made. */
  addEach(queue: string, count: number, make: (index: number) => NewJob): Promise<AddedJob[]> {
    const calls = this.#callsOf(queue);
    if (count === 1) return calls.add([wordsOf(make(0))]);
    return this.#addInParts(calls, count, make);
  }

  async #addInParts(calls: AddCalls, count: number, make: (index: number) => NewJob): Promise<AddedJob[]> {
    const parts: Promise<PromiseSettledResult<AddedJob[]>[]>[] = [];
    for (let from = 0; from < count; from += this.#batchSize) {
      // What has been made is to leave, and answers are to come in.
      if (from > 0) await setImmediate();
      const length = Math.min(this.#batchSize, count - from);
      const words = Array.from({ length }, (_, offset) => wordsOf(make(from + offset)));
      parts.push(Promise.allSettled([calls.add(words)]));
    }
    return (await Promise.all(parts)).flat().flatMap(orThrow);
  }

  #callsOf(queue: string): AddCalls {
    let calls = this.#queues.get(queue);
    if (!calls) {
      calls = new AddCalls({
        client: this.#client,
        base: this.#keyspace.queueBase(queue),
        ledgerBase: this.#keyspace.ledgerBase(queue),
        turns: this.#keyspace.turns(queue),
        mostPerCall: this.#batchSize,
      });
      this.#queues.set(queue, calls);
    }
    return calls;
  }
}

function orThrow<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

function wordsOf(job: NewJob): JobWords {
  const { id, kind, payloadJson, meta, carrier, enqueuedAt, delayMs, fingerprint, share } = job;
  // Without one BullMQ's scripts would put the job into `wait`, in front of all turns.
  const priority = share === undefined ? job.priority : 1;
  // What lies beside the payload. BullMQ keeps options it does not know as they are.
  const opts = {
    jobId: id,
    ...(delayMs > 0 && { delay: delayMs }),
    ...(priority > 0 && { priority }),
    [jobMetaOption]: meta,
    ...(carrier !== undefined && { [carrierOption]: carrier }),
  };
  return {
    id,
    name: kind,
    dataJson: payloadJson,
    optsJson: JSON.stringify(opts),
    timestamp: enqueuedAt,
    delay: delayMs,
    priority,
    place: placeOf(job),
    fingerprint: fingerprint ?? '',
    share: share ?? '',
  };
}

function placeOf({ delayMs, priority, share }: NewJob): JobWords['place'] {
  if (delayMs > 0) return 'delayed';
  if (share !== undefined) return 'turn';
  return priority > 0 ? 'prioritized' : 'last';
}
