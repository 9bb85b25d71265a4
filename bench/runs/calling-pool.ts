import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { createProducer } from 'bulwark';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { type CallingKind, callAttempts, callingQueue, defineCallingJobs } from '../peers/calling-jobs.js';
import type { OwnBreakerEvent } from '../peers/calling-worker.js';
import { startProgram } from './programs.js';

export type CallingSubject = 'bulwark' | 'bullmq';

export interface CallingPlan {
  readonly redis: string;
  /** Where each worker finds the dependency. */
  readonly workers: readonly string[];
  readonly slots: number;
}

/** Jobs of one kind that come evenly over so long, from the beginning. */
export interface Arrivals {
  readonly kind: CallingKind;
  readonly count: number;
  readonly overMs: number;
}

/** What became of one job, as Redis tells. */
export interface EndedJob {
  readonly kind: CallingKind;
  /** `failed`: given up. */
  readonly state: 'done' | 'failed' | 'left';
  /** In ms since the epoch; infinite for one that has not ended. */
  readonly endedAt: number;
  readonly attempts: number;
}

interface Enqueuing {
  /** Answers the ids. */
  enqueue(kind: CallingKind, numbers: readonly number[]): Promise<string[]>;
  close(): Promise<void>;
}

const batchMs = 100;
const idsPerQuestion = 500;

/** Worker processes of one subject, of Bulwark with a supervisor, and jobs that come evenly, of which half call a dependency. */
export class CallingPool {
  readonly #subject: CallingSubject;
  readonly #plan: CallingPlan;
  readonly #enqueuing: Enqueuing;
  readonly #client: Redis;
  readonly #processes: ChildProcess[] = [];
  /** The kinds of the accepted jobs, by id. */
  readonly #accepted = new Map<string, CallingKind>();
  /** What the workers told of their own breakers, with the worker's place in the plan. */
  readonly ownTurns: (OwnBreakerEvent & { readonly worker: number })[] = [];

  constructor(subject: CallingSubject, plan: CallingPlan) {
    this.#subject = subject;
    this.#plan = plan;
    this.#enqueuing = subject === 'bulwark' ? bulwarkEnqueuing(plan.redis) : bullmqEnqueuing(plan.redis);
    this.#client = new Redis(plan.redis);
  }

  async start(): Promise<void> {
    const { redis, workers, slots } = this.#plan;
    if (this.#subject === 'bulwark') this.#processes.push(await startProgram('bulwark-supervisor', [redis]));
    const program = this.#subject === 'bulwark' ? 'calling-worker' : 'calling-bullmq-worker';
    const started = workers.map((url, worker) =>
      startProgram<OwnBreakerEvent>(program, [redis, String(slots), url], (event) =>
        this.ownTurns.push({ ...event, worker }),
      ),
    );
    this.#processes.push(...(await Promise.all(started)));
  }

  /** Lets jobs come; resolves when the last has. */
  async receive({ kind, count, overMs }: Arrivals): Promise<void> {
    const startedAt = performance.now();
    for (let come = 0; come < count; ) {
      await sleep(batchMs);
      const due = Math.min(count, Math.floor((count * (performance.now() - startedAt)) / overMs));
      const numbers = Array.from({ length: due - come }, (_, at) => come + at);
      for (const id of await this.#enqueuing.enqueue(kind, numbers)) this.#accepted.set(id, kind);
      come = due;
    }
  }

  /** Waits until all jobs have ended, or so long, and says what became of each. */
  async account(patienceMs: number): Promise<EndedJob[]> {
    const deadline = performance.now() + patienceMs;
    while ((await this.#ended()) < this.#accepted.size && performance.now() < deadline) await sleep(batchMs);
    const ids = [...this.#accepted.keys()];
    const jobs: EndedJob[] = [];
    for (let from = 0; from < ids.length; from += idsPerQuestion) {
      jobs.push(...(await Promise.all(ids.slice(from, from + idsPerQuestion).map((id) => this.#job(id)))));
    }
    return jobs;
  }

  async end(): Promise<void> {
    for (const process of this.#processes) process.kill('SIGKILL');
    this.#client.disconnect();
    await this.#enqueuing.close();
  }

  async #ended(): Promise<number> {
    const { done, failed } = places[this.#subject];
    const counts = await Promise.all([this.#client.zcard(`${done}completed`), this.#client.zcard(`${failed}failed`)]);
    return counts[0] + counts[1];
  }

  async #job(id: string): Promise<EndedJob> {
    const { done, failed } = places[this.#subject];
    const kind = this.#accepted.get(id) ?? 'other';
    const [doneAt, failedAt] = await Promise.all([
      this.#client.zscore(`${done}completed`, id),
      this.#client.zscore(`${failed}failed`, id),
    ]);
    const state = doneAt !== null ? 'done' : failedAt !== null ? 'failed' : 'left';
    const attempts = await this.#client.hget(`${state === 'failed' ? failed : done}${id}`, 'atm');
    const endedAt = Number(doneAt ?? failedAt ?? Number.POSITIVE_INFINITY);
    return { kind, state, endedAt, attempts: Number(attempts) };
  }
}

const bulwarkBase = `{bulwark:${callingQueue}}:${callingQueue}`;
/** What the keys of a queue begin with, and of the jobs that were given up. */
const places: Readonly<Record<CallingSubject, { readonly done: string; readonly failed: string }>> = {
  bulwark: { done: `${bulwarkBase}:`, failed: `${bulwarkBase}.dead:` },
  bullmq: { done: `bull:${callingQueue}:`, failed: `bull:${callingQueue}:` },
};

function bulwarkEnqueuing(redis: string): Enqueuing {
  const producer = createProducer({ redis, log: pino({ level: 'silent' }) });
  const jobs = defineCallingJobs('');
  return {
    enqueue: async (kind, numbers) =>
      (
        await producer.enqueueMany(
          jobs[kind],
          numbers.map((number) => ({ number })),
        )
      ).map(({ id }) => id),
    close: () => producer.close(),
  };
}

function bullmqEnqueuing(redis: string): Enqueuing {
  const queue = new Queue(callingQueue, { connection: { url: redis } });
  const { attempts, delayMs } = callAttempts;
  const opts = { attempts, backoff: { type: 'exponential', delay: delayMs } };
  return {
    enqueue: async (name, numbers) =>
      (await queue.addBulk(numbers.map((number) => ({ name, data: { number }, opts })))).map(({ id }) => id ?? ''),
    close: () => queue.close(),
  };
}
