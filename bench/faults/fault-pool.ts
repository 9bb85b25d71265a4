import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProducer, type Producer, type RedisInput, type WorkerOptions } from 'bulwark';
import { pino } from 'pino';
import { resolveRedisInput } from '../../src/config/redis-input.js';
import { connectRedis, type RedisClient } from '../../src/redis/connection.js';
import { Keyspace } from '../../src/redis/keyspace.js';
import { QueueInspector } from '../../src/transport/queue-inspector.js';
import { faultJob, type RunEvent } from '../peers/fault-job.js';
import { micros } from '../peers/order.js';
import type { MemberAnswer, MemberQuestion } from '../peers/pool-member.js';
import { startProgram } from '../runs/programs.js';

export interface FaultPoolPlan {
  /** Where supervisor and producer find Redis. */
  readonly redis: RedisInput;
  /** Where each worker finds it. */
  readonly workers: readonly RedisInput[];
  readonly worker?: WorkerOptions;
}

/** One run of a job, as its worker told of it; moments by `micros`. */
export interface Run {
  readonly number: number;
  /** Which run of which process: the job's result, if this run's outcome is the one that counts. */
  readonly run: string;
  /** Place of the worker in the plan. */
  readonly worker: number;
  readonly startedAt: number;
  endedAt?: number;
}

/** What became of the jobs, as Redis tells. */
export interface Account {
  /** Jobs that completed. */
  readonly completed: number;
  /** Jobs that were accepted and are not completed. */
  readonly lost: number;
  /** The results that were written. */
  readonly results: ReadonlySet<string>;
  /** Deaths of workers that were counted against jobs. */
  readonly crashes: number;
}

const queue = faultJob.queue.name;
const idsPerQuestion = 500;
const silent = pino({ level: 'silent' });

/** A supervisor and some workers, each a process, with jobs whose every run is known. */
export class FaultPool {
  readonly #plan: FaultPoolPlan;
  readonly workers: ChildProcess[] = [];
  readonly runs: Run[] = [];
  readonly #byRun = new Map<string, Run>();
  readonly #producer: Producer;
  /** The ids of the accepted jobs, by number. */
  readonly accepted = new Map<number, string>();
  #supervisor: ChildProcess | undefined;
  #client: RedisClient | undefined;
  #next = 0;

  constructor(plan: FaultPoolPlan) {
    this.#plan = plan;
    this.#producer = createProducer({ redis: plan.redis, log: silent });
  }

  async start(): Promise<void> {
    const { redis, workers, worker } = this.#plan;
    this.#client = await connectRedis({
      redis: resolveRedisInput(redis),
      name: 'fault-pool',
      manner: 'patient',
      onError: () => undefined,
    });
    this.#supervisor = await this.#startMember('supervisor', { redis });
    const started = workers.map((redis, place) => this.#startMember('worker', { redis, worker }, place));
    this.workers.push(...(await Promise.all(started)));
  }

  /** Enqueues jobs that run for so long. */
  async enqueue(count: number, ms: number): Promise<void> {
    const numbers = Array.from({ length: count }, () => this.#next++);
    const jobs = await this.#producer.enqueueMany(
      faultJob,
      numbers.map((number) => ({ number, ms })),
    );
    for (const [at, { id }] of jobs.entries()) this.accepted.set(numbers[at] ?? 0, id);
  }

  /** The runs of a worker that have begun and not ended. */
  runningOn(worker: number): Run[] {
    return this.runs.filter((run) => run.worker === worker && run.endedAt === undefined);
  }

  /** How long after a moment each of the first so many workers had begun a job again, the slowest of them, in ms; infinite if one did not. */
  resumedMs(since: number, workers = this.workers.length): number {
    const times = Array.from({ length: workers }, (_, worker) => {
      const first = this.runs.find((run) => run.worker === worker && run.startedAt > since);
      return first ? (first.startedAt - since) / 1_000 : Number.POSITIVE_INFINITY;
    });
    return Math.max(...times);
  }

  /** The sum of all series of a metric of the supervisor that carry this label. */
  async supervised(metric: string, label: string): Promise<number> {
    return metricOf(await this.#ask(this.#supervisor, { ask: 'metrics' }), metric, label);
  }

  /** The same over all workers. */
  async worked(metric: string, label: string): Promise<number> {
    const pages = await Promise.all(this.workers.map((worker) => this.#ask(worker, { ask: 'metrics' })));
    return pages.reduce((sum, page) => sum + metricOf(page, metric, label), 0);
  }

  /** Lets the wall clock of a worker, or of the supervisor, jump. */
  async jump(member: number | 'supervisor', ms: number): Promise<void> {
    await this.#ask(member === 'supervisor' ? this.#supervisor : this.workers[member], { ask: 'jump', ms });
  }

  /** Which of the accepted jobs Redis knows, by id. */
  async known(): Promise<Set<string>> {
    const ids = [...this.accepted.values()];
    const outcomes = await this.#outcomes(ids);
    return new Set(ids.filter((_, at) => outcomes[at] !== 'gone'));
  }

  /** Waits for all accepted jobs that count to end, and says what became of them. */
  async account(patienceMs: number, counts: ReadonlySet<string> = new Set(this.accepted.values())): Promise<Account> {
    const ids = [...counts];
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const completed = (await this.#outcomes(ids)).filter((state) => state === 'completed').length;
      if (completed === ids.length || performance.now() > deadline) {
        const fields = await this.#fields(ids);
        return {
          completed,
          lost: ids.length - completed,
          results: new Set(fields.map(([result]) => JSON.parse(result || 'null') as string)),
          crashes: fields.reduce((sum, [, crashes]) => sum + Number(crashes), 0),
        };
      }
      await sleep(50);
    }
  }

  async end(): Promise<void> {
    for (const process of [...this.workers, this.#supervisor]) {
      process?.kill('SIGCONT');
      process?.kill('SIGKILL');
    }
    this.#client?.disconnect();
    await this.#producer.close();
  }

  #startMember(role: 'worker' | 'supervisor', options: object, place = -1): Promise<ChildProcess> {
    return startProgram('pool-member', [role, JSON.stringify(options)], (event: RunEvent) => this.#heard(event, place));
  }

  #heard({ event, number, run, at }: RunEvent, worker: number): void {
    if (event === 'started') {
      const begun: Run = { number, run, worker, startedAt: at };
      this.runs.push(begun);
      this.#byRun.set(run, begun);
    } else if (event === 'ended') {
      const begun = this.#byRun.get(run);
      if (begun) begun.endedAt = at;
    }
  }

  async #ask(member: ChildProcess | undefined, question: MemberQuestion): Promise<string> {
    if (!member) throw new Error('the pool has not been started');
    member.send(question);
    for (;;) {
      const [answer] = (await once(member, 'message')) as [RunEvent | MemberAnswer];
      if (answer.event === 'answer') return answer.page;
    }
  }

  async #outcomes(ids: readonly string[]): Promise<string[]> {
    const inspector = new QueueInspector(this.#connected(), new Keyspace('bulwark'));
    const states: string[] = [];
    for (let from = 0; from < ids.length; from += idsPerQuestion) {
      const views = await inspector.outcomes(queue, ids.slice(from, from + idsPerQuestion));
      states.push(...views.map(({ state }) => state));
    }
    return states;
  }

  #fields(ids: readonly string[]): Promise<[result: string, crashes: string][]> {
    const base = new Keyspace('bulwark').queueBase(queue);
    return Promise.all(
      ids.map(async (id) => {
        const [result, crashes] = await this.#connected().hmget(`${base}${id}`, 'returnvalue', 'bwc');
        return [result ?? '', crashes ?? '0'];
      }),
    );
  }

  #connected(): RedisClient {
    if (!this.#client) throw new Error('the pool has not been started');
    return this.#client;
  }
}

function metricOf(page: string, metric: string, label: string): number {
  const lines = page.split('\n').filter((line) => line.startsWith(`${metric}{`) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** Now, by the clock that all processes of a machine share. */
export const moment = micros;
