import type { RedisClient } from '../redis/connection.js';
import type { TakenJob } from './work-calls.js';

/** What the script is asked to answer of each job: its fields, or all of them but the payload. */
export type AnsweredPart = 'fields' | 'head';

/** Payloads of so many characters and more, on average, are read beside the script; below the second number no longer. */
const longFrom = 4_096;
const shortBelow = 2_048;
/** How much the newest payload weighs in the average. */
const newestWeight = 1 / 32;
/** Where the payload stands among the fields. */
const payloadPlace = 2;

/**
 * Reads large payloads beside the script that starts their jobs. Redis' Lua runs a hash over every character that passes through it,
 * 13 µs for 10 KB, which is half of what such a job costs; one more command costs less. For small payloads it costs more, so what has
 * come so far decides.
 */
export class PayloadReader {
  readonly #client: Pick<RedisClient, 'hget'>;
  readonly #base: string;
  readonly #onError: (error: Error) => void;
  #average = 0;
  #part: AnsweredPart = 'fields';

  /** `base` is what the keys of the jobs begin with. */
  constructor(client: Pick<RedisClient, 'hget'>, base: string, onError: (error: Error) => void) {
    this.#client = client;
    this.#base = base;
    this.#onError = onError;
  }

  /** What to ask the script for now. */
  get part(): AnsweredPart {
    return this.#part;
  }

  /**
   * Completes jobs that came with that part of their fields. When a payload cannot be read none of them can be run: they come back like
   * those of a dead worker.
   */
  async complete(jobs: readonly TakenJob[], part: AnsweredPart): Promise<readonly TakenJob[]> {
    if (part === 'fields') {
      for (const job of jobs) this.#learn(job);
      return jobs;
    }
    try {
      const complete = await Promise.all(jobs.map((job) => this.#withPayload(job)));
      for (const job of complete) this.#learn(job);
      return complete;
    } catch (error) {
      this.#onError(error as Error);
      return [];
    }
  }

  async #withPayload(job: TakenJob): Promise<TakenJob> {
    return job.with(payloadPlace, await this.#client.hget(`${this.#base}${job.at(-1)}`, 'data'));
  }

  #learn(job: TakenJob): void {
    const { length } = String(job[payloadPlace] ?? '');
    this.#average += (length - this.#average) * newestWeight;
    if (this.#average >= longFrom) this.#part = 'head';
    else if (this.#average < shortBelow) this.#part = 'fields';
  }
}
