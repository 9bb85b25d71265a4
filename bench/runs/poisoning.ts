import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { type MeasuredProcess, startNode } from '../children.js';
import { startProducer } from '../peer-process.js';
import { firstNumber, type Order } from '../peers/order.js';
import { poisonNumber } from '../peers/poisonous.js';
import { queueName, type Recovery } from '../peers/subject.js';
import { startProgram } from './programs.js';

/** Two worker processes, started again at once when they die, and one job among good ones that takes its process down. */
export interface PoisonPlan {
  readonly goodJobs: number;
  readonly concurrency: number;
  /** How long all of it may take. */
  readonly patienceMs: number;
  /** How plain BullMQ looks for lost jobs. */
  readonly recovery: Recovery;
}

export interface Poisoned {
  /** How many processes the poison took down: its starts. */
  readonly crashes: number;
  readonly goodDone: number;
  /** Good jobs that were given up. */
  readonly goodFailed: number;
  /** Of those, the ones that plain BullMQ failed as stalled too often. */
  readonly goodStalled: number;
  /** Starts of good jobs beyond the first of each. */
  readonly secondStarts: number;
  /** From the enqueue until every job has ended. */
  readonly seconds: number;
  /** Jobs that have not ended. */
  readonly lost: number;
}

type PoisonSubject = 'bulwark' | 'bullmq';

const workerCount = 2;
const readyWithinMs = 30_000;
const cli = fileURLToPath(new URL('../../../bin/bulwark.mjs', import.meta.url));
const kinds = fileURLToPath(new URL('../peers/poisonous-kinds.js', import.meta.url));
const bullmqWorker = fileURLToPath(new URL('../peers/poisonous-worker.js', import.meta.url));

/** Lets the poison do what it can, and counts what came of everybody. */
export async function countPoisoned(subject: PoisonSubject, plan: PoisonPlan, url: string): Promise<Poisoned> {
  const supervisor = subject === 'bulwark' ? await startProgram('bulwark-supervisor', [url]) : undefined;
  const crew = new Crew(() => startWorker(subject, plan, url));
  const producer = await startProducer(subject, url);
  const redis = new Redis(url);
  try {
    await crew.start();
    const jobs = plan.goodJobs + 1;
    const startedAt = performance.now();
    await producer.ask({ ask: 'enqueue', from: 0, count: jobs, bytes: 1_024, batch: jobs, lanes: 1 });
    const deadline = startedAt + plan.patienceMs;
    while ((await endedIds(redis, subject)).length < jobs && performance.now() < deadline) await sleep(50);
    const seconds = (performance.now() - startedAt) / 1_000;
    return { ...(await account(redis, subject, plan)), seconds };
  } finally {
    redis.disconnect();
    await Promise.all([crew.end(), producer.end()]);
    supervisor?.kill('SIGKILL');
  }
}

/** Worker processes, each of which another one follows at once when it dies. */
class Crew {
  readonly #start: () => MeasuredProcess;
  readonly #members = new Set<MeasuredProcess>();
  #ending = false;

  constructor(start: () => MeasuredProcess) {
    this.#start = start;
  }

  async start(): Promise<void> {
    await Promise.all(
      Array.from({ length: workerCount }, () =>
        this.#join().lineThat((line) => line === 'ready' || line.includes('worker.started'), readyWithinMs),
      ),
    );
  }

  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all([...this.#members].map((member) => member.stop()));
  }

  #join(): MeasuredProcess {
    const member = this.#start();
    this.#members.add(member);
    void member.ended.then(() => {
      this.#members.delete(member);
      if (!this.#ending) this.#join();
    });
    return member;
  }
}

function startWorker(subject: PoisonSubject, { concurrency, recovery }: PoisonPlan, url: string): MeasuredProcess {
  if (subject === 'bullmq') return startNode(bullmqWorker, [url, String(concurrency), JSON.stringify(recovery)]);
  const args = ['worker', 'run', '--redis', url, '--http-port', '0', '--concurrency', String(concurrency)];
  return startNode(cli, [...args, '--jobs', kinds], { BULWARK_LOG_FORMAT: 'json' });
}

interface Bases {
  /** What the keys of the queue begin with. */
  readonly live: string;
  /** What those of the jobs that were given up begin with. */
  readonly failed: string;
}

const bulwarkQueue = `{bulwark:${queueName}}:${queueName}`;
const bases: Readonly<Record<PoisonSubject, Bases>> = {
  bulwark: { live: `${bulwarkQueue}:`, failed: `${bulwarkQueue}.dead:` },
  bullmq: { live: `bull:${queueName}:`, failed: `bull:${queueName}:` },
};

/** The keys of all jobs that have ended. */
async function endedIds(redis: Redis, subject: PoisonSubject): Promise<{ key: string; isDone: boolean }[]> {
  const { live, failed } = bases[subject];
  const [done, givenUp] = await Promise.all([
    redis.zrange(`${live}completed`, '0', '-1'),
    redis.zrange(`${failed}failed`, '0', '-1'),
  ]);
  return [
    ...done.map((id) => ({ key: live + id, isDone: true })),
    ...givenUp.map((id) => ({ key: failed + id, isDone: false })),
  ];
}

async function account(
  redis: Redis,
  subject: PoisonSubject,
  { goodJobs }: PoisonPlan,
): Promise<Omit<Poisoned, 'seconds'>> {
  const ended = await Promise.all(
    (await endedIds(redis, subject)).map(async ({ key, isDone }) => {
      const [data, starts, reason] = await redis.hmget(key, 'data', 'ats', 'failedReason');
      const { number } = JSON.parse(data ?? '{}') as Order;
      return { isPoison: number === firstNumber + poisonNumber, isDone, starts: Number(starts), reason: reason ?? '' };
    }),
  );
  const good = ended.filter(({ isPoison }) => !isPoison);
  const failed = good.filter(({ isDone }) => !isDone);
  return {
    crashes: ended.find(({ isPoison }) => isPoison)?.starts ?? 0,
    goodDone: good.length - failed.length,
    goodFailed: failed.length,
    goodStalled: failed.filter(({ reason }) => reason.includes('stalled more than allowable limit')).length,
    secondStarts: good.reduce((sum, { starts }) => sum + starts - 1, 0),
    lost: goodJobs + 1 - ended.length,
  };
}
