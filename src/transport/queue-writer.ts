import { setImmediate } from 'node:timers/promises';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { AddCalls, type AddedJob } from './add-calls.js';
import { type NewJob, NewJobWords } from './new-job-words.js';

/** How much of a full call the first of several holds; each that follows holds twice as much as the one before. */
const firstPart = 1 / 8;

interface OneQueue {
  readonly calls: AddCalls;
  readonly words: NewJobWords;
}

/** Adds jobs to queues, in BullMQ's layout. Adding an id that is there already changes nothing. */
export class QueueWriter {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #batchSize: number;
  readonly #queues = new Map<string, OneQueue>();

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
    const { calls, words } = this.#queue(queue);
    if (count === 1) return calls.add([words.of(make(0))]);
    return this.#addInParts({ calls, words }, count, make);
  }

  async #addInParts({ calls, words }: OneQueue, count: number, make: (index: number) => NewJob): Promise<AddedJob[]> {
    const parts: Promise<PromiseSettledResult<AddedJob[]>[]>[] = [];
    // Of several the first is small, so that Redis has something to do soon.
    let most = count > this.#batchSize ? Math.ceil(this.#batchSize * firstPart) : count;
    for (let from = 0; from < count; most *= 2) {
      // What has been made is to leave, and answers are to come in.
      if (from > 0) await setImmediate();
      const length = Math.min(most, this.#batchSize, count - from);
      const jobs = Array.from({ length }, (_, offset) => words.of(make(from + offset)));
      parts.push(Promise.allSettled([calls.add(jobs)]));
      from += length;
    }
    return (await Promise.all(parts)).flat().flatMap(orThrow);
  }

  #queue(name: string): OneQueue {
    let queue = this.#queues.get(name);
    if (!queue) {
      const calls = new AddCalls({
        client: this.#client,
        base: this.#keyspace.queueBase(name),
        ledgerBase: this.#keyspace.ledgerBase(name),
        turns: this.#keyspace.turns(name),
        mostPerCall: this.#batchSize,
      });
      queue = { calls, words: new NewJobWords() };
      this.#queues.set(name, queue);
    }
    return queue;
  }
}

function orThrow<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}
