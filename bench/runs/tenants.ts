import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Keyspace } from '../../src/redis/keyspace.js';
import { percentile } from '../figures.js';
import { type TenantRival, type TenantRun, tenantQueue } from '../peers/tenant-jobs.js';
import type { AcceptedEvent, TenantPace } from '../peers/tenant-producer.js';
import type { CallPace, DoneEvent } from '../peers/tenant-worker.js';
import { startProgram } from './programs.js';

/** Tenants that share a queue, of which one floods it. */
export interface TenantPlan {
  /** All of them, the one that floods among them. */
  readonly tenants: number;
  /** How many jobs a second each enqueues. */
  readonly perS: number;
  /** How many times as much the one enqueues in the flood. */
  readonly times: number;
  readonly callMs: number;
  /** Not measured, at the beginning of each round. */
  readonly warmS: number;
  readonly calmS: number;
  readonly floodS: number;
  /** How often calm and flood take turns, so that whatever else happens on the machine happens to both. */
  readonly rounds: number;
  /** How long the rest is waited for afterwards. */
  readonly patienceS: number;
}

export interface TenantFigures {
  /** How long 99 of 100 jobs of the others waited, from enqueue to start, without the flood and with it: of all rounds together. */
  readonly calmP99Ms: number;
  readonly floodP99Ms: number;
  readonly floodP50Ms: number;
  /** How many times as long they waited in the flood, of each round. */
  readonly slowerByRound: readonly number[];
  readonly done: number;
  readonly refused: number;
  readonly leftOver: number;
  readonly lost: number;
}

const workers = 2;
const slotsPerWorker = 5;
const lookMs = 250;
const settleMs = 500;

function partOf(what: 'calm' | 'flood', round: number): string {
  return `${what} ${round}`;
}

/** Lets the tenants of one rival share a queue, on a Redis of its own. */
export async function shareQueue(rival: TenantRival, plan: TenantPlan, url: string): Promise<TenantFigures> {
  const sharing = new Sharing(rival, plan, url);
  try {
    await sharing.start();
    return await sharing.run();
  } finally {
    sharing.end();
  }
}

class Sharing {
  readonly #rival: TenantRival;
  readonly #plan: TenantPlan;
  readonly #url: string;
  readonly #client: Redis;
  readonly #programs: ChildProcess[] = [];
  readonly #workers: ChildProcess[] = [];
  readonly #done = new Map<number, TenantRun>();
  #accepted = 0;
  #failed = 0;

  constructor(rival: TenantRival, plan: TenantPlan, url: string) {
    this.#rival = rival;
    this.#plan = plan;
    this.#url = url;
    this.#client = new Redis(url);
  }

  async start(): Promise<void> {
    const { callMs } = this.#plan;
    for (let n = 0; n < workers; n++) {
      const args = [this.#rival, this.#url, String(slotsPerWorker), String(callMs)];
      const heard = ({ jobs }: DoneEvent) => {
        for (const job of jobs) this.#done.set(job.number, job);
      };
      const worker = await startProgram('tenant-worker', args, heard);
      this.#workers.push(worker);
      this.#programs.push(worker);
    }
  }

  async run(): Promise<TenantFigures> {
    const { tenants, perS, times, warmS, calmS, floodS, rounds, callMs, patienceS } = this.#plan;
    // Each side has a process of its own: what is measured is the queue, not who shares a producer.
    const others = await this.#producer(1, tenants - 1);
    const flooder = await this.#producer(0, 1);
    const pace = async (part: string, factor: number, seconds: number) => {
      others.send({ perS: perS * (tenants - 1), part } satisfies TenantPace);
      flooder.send({ perS: perS * factor, part } satisfies TenantPace);
      await sleep(seconds * 1_000);
    };
    for (let round = 0; round < rounds; round++) {
      this.#setCalls(callMs);
      await pace('warm', 1, warmS);
      await pace(partOf('calm', round), 1, calmS);
      await pace(partOf('flood', round), times, floodS);
      for (const producer of [others, flooder]) producer.send({ perS: 0, part: '' } satisfies TenantPace);
      // Those of the others begin as they do in the flood; what is left of it would only take the time of the next round.
      await sleep(settleMs);
      this.#setCalls(0);
      await this.#drain(performance.now() + patienceS * 1_000);
    }
    return this.#figures(await this.#unfinished());
  }

  async #drain(until: number): Promise<void> {
    while (performance.now() < until && ((await this.#unfinished()) > 0 || this.#done.size < this.#accepted)) {
      await sleep(lookMs);
    }
  }

  #setCalls(callMs: number): void {
    for (const worker of this.#workers) worker.send({ callMs } satisfies CallPace);
  }

  end(): void {
    this.#client.disconnect();
    for (const program of this.#programs) program.disconnect();
  }

  async #producer(first: number, count: number): Promise<ChildProcess> {
    const args = [this.#rival, this.#url, String(first), String(count)];
    const heard = ({ count: accepted, failed }: AcceptedEvent) => {
      this.#accepted += accepted;
      this.#failed += failed;
    };
    const producer = await startProgram('tenant-producer', args, heard);
    this.#programs.push(producer);
    return producer;
  }

  /** Jobs that wait, run or are delayed. */
  async #unfinished(): Promise<number> {
    const base = this.#rival === 'bullmq' ? `bull:${tenantQueue}:` : new Keyspace('bulwark').queueBase(tenantQueue);
    const [wait, active, prioritized, delayed] = await Promise.all([
      this.#client.llen(`${base}wait`),
      this.#client.llen(`${base}active`),
      this.#client.zcard(`${base}prioritized`),
      this.#client.zcard(`${base}delayed`),
    ]);
    return wait + active + prioritized + delayed;
  }

  #figures(leftOver: number): TenantFigures {
    const runs = [...this.#done.values()].filter(({ tenant }) => tenant !== 'tenant-0');
    const waitsIn = (what: 'calm' | 'flood') =>
      Array.from({ length: this.#plan.rounds }, (_, round) =>
        runs
          .filter(({ part }) => part === partOf(what, round))
          .map(({ sentAt, begunAt }) => (begunAt - sentAt) / 1_000),
      );
    const [calm, flood] = [waitsIn('calm'), waitsIn('flood')];
    return {
      calmP99Ms: percentile(calm.flat(), 0.99),
      floodP99Ms: percentile(flood.flat(), 0.99),
      floodP50Ms: percentile(flood.flat(), 0.5),
      slowerByRound: flood.map((waits, round) => percentile(waits, 0.99) / percentile(calm[round] ?? [], 0.99)),
      done: this.#done.size,
      refused: this.#failed,
      leftOver,
      lost: Math.max(0, this.#accepted - this.#done.size - leftOver),
    };
  }
}
