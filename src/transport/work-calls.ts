import type { RedisClient } from '../redis/connection.js';
import type { ScriptArgument } from '../redis/define-script.js';
import { deadLetterQueue, type Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { type FetchAndFinishReply, fetchAndFinishScript } from './fetch-and-finish.js';
import { decodeTakenJob, type FetchedJob, fetchedFields } from './fetched-job.js';
import { queueKeys } from './queue-keys.js';

/** One thing a worker has to say about its queue: a job that ended, jobs it can take, or both. */
interface WorkRequest {
  /** The words of one end, as the script's header lists them. */
  readonly end: readonly ScriptArgument[] | undefined;
  /** One token per job that can be taken. */
  readonly tokens: readonly string[];
  readonly resolve: (reply: WorkReply) => void;
  readonly reject: (error: unknown) => void;
}

export interface WorkReply {
  /** What became of the end; 0 when there was none. */
  readonly code: number;
  readonly jobs: readonly FetchedJob[];
  readonly limitedForMs: number;
  /** When the next delayed job is due, if there is one. */
  readonly nextAt: EpochMs | undefined;
}

export interface WorkCallsOptions {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  readonly worker: string;
  readonly leaseMs: number;
  readonly keepAttempts: number;
}

/** Redis works on one call while Node works on the reply of the other; more would only make smaller batches. */
const maxCallsUnderWay = 2;
/** A call with more would keep Redis from others for too long. */
const maxRequestsPerCall = 250;

/**
 * Speaks to Redis for one worker process and queue: what falls together travels as one call. Nothing waits for a batch to fill:
 * a lone request leaves at the end of the current turn of the event loop, and while calls are under way the next batch gathers.
 */
export class WorkCalls {
  readonly #client: RedisClient;
  readonly #keys: Parameters<typeof fetchAndFinishScript.run>[1];
  readonly #args: Omit<Parameters<typeof fetchAndFinishScript.run>[2], 'ends' | 'fetches'>;
  #waiting: WorkRequest[] = [];
  #underWay = 0;
  #scheduled = false;

  constructor({ client, keyspace, queue, worker, leaseMs, keepAttempts }: WorkCallsOptions) {
    const keys = queueKeys(keyspace, queue);
    const dead = queueKeys(keyspace, deadLetterQueue(queue));
    this.#client = client;
    this.#keys = {
      wait: keys.wait,
      active: keys.active,
      prioritized: keys.prioritized,
      events: keys.events,
      stalled: keys.stalled,
      limiter: keys.limiter,
      delayed: keys.delayed,
      meta: keys.meta,
      priorityCounter: keys.pc,
      completed: keys.completed,
      failed: keys.failed,
      marker: keys.marker,
      metricsCompleted: keyspace.queue(queue, 'metrics:completed'),
      metricsFailed: keyspace.queue(queue, 'metrics:failed'),
      deadFailed: dead.failed,
      deadEvents: dead.events,
      deadMeta: dead.meta,
    };
    this.#args = {
      base: keys[''],
      deadBase: dead[''],
      parkedBase: keyspace.parkedBase(queue),
      now: '',
      lease: leaseMs,
      worker,
      limiterMax: '',
      limiterDuration: '',
      metricsSize: '',
      keepAttempts,
      fields: fetchedFields.length,
    };
  }

  /** Says one thing. Rejects when Redis could not be asked: then nothing is known of what became of it. */
  ask(end: readonly ScriptArgument[] | undefined, tokens: readonly string[]): Promise<WorkReply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ end, tokens, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay >= maxCallsUnderWay || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const requests = this.#waiting.splice(0, maxRequestsPerCall);
      this.#underWay += 1;
      this.#call(requests)
        .catch((error: unknown) => {
          for (const { reject } of requests) reject(error);
        })
        .finally(() => {
          this.#underWay -= 1;
          this.#schedule();
        });
      this.#schedule();
    });
  }

  async #call(requests: readonly WorkRequest[]): Promise<void> {
    const rest: ScriptArgument[] = [];
    let ends = 0;
    for (const { end } of requests) {
      if (end === undefined) continue;
      ends += 1;
      for (const word of end) rest.push(word);
    }
    const tokens: string[] = [];
    for (const request of requests) for (const token of request.tokens) tokens.push(token);
    rest.push(...tokens, ...fetchedFields);
    const reply = await fetchAndFinishScript.run(
      this.#client,
      this.#keys,
      { ...this.#args, ends, fetches: tokens.length },
      rest,
    );
    this.#answer(requests, tokens, reply);
  }

  /** Gives each request its code and its share of the jobs, in order. */
  #answer(requests: readonly WorkRequest[], tokens: readonly string[], reply: FetchAndFinishReply): void {
    const { codes, jobs, limitedForMs, nextDue } = reply;
    const now = reply.now as EpochMs;
    const nextAt = nextDue > 0 ? (nextDue as EpochMs) : undefined;
    let ended = 0;
    let taken = 0;
    for (const request of requests) {
      const mine: FetchedJob[] = [];
      for (let index = 0; index < request.tokens.length && taken < jobs.length; index++, taken++) {
        mine.push(decodeTakenJob(jobs[taken] ?? [], tokens[taken] ?? '', now));
      }
      const code = request.end === undefined ? 0 : (codes[ended++] ?? 0);
      request.resolve({ code, jobs: mine, limitedForMs, nextAt });
    }
  }
}
