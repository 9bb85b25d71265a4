import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Keyspace } from '../../src/redis/keyspace.js';
import { percentile } from '../figures.js';
import { type TenantRival, type TenantRun, tenantQueue } from '../peers/tenant-jobs.js';
import type { AcceptedEvent, TenantPace } from '../peers/tenant-producer.js';
import type { DoneEvent } from '../peers/tenant-worker.js';
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
  /** Not measured. */
  readonly warmS: number;
  readonly calmS: number;
  readonly floodS: number;
  /** How long the rest is waited for afterwards. */
  readonly patienceS: number;
}

export interface TenantFigures {
  /** How long 99 of 100 jobs of the others waited, from enqueue to start, without the flood and with it. */
  readonly calmP99Ms: number;
  readonly floodP99Ms: number;
  readonly floodP50Ms: number;
  /** The same of the one that floods. */
  readonly flooderP99Ms: number;
  readonly done: number;
  readonly refused: number;
  readonly leftOver: number;
  readonly lost: number;
}

const workers = 2;
const slotsPerWorker = 5;
const lookMs = 250;

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
      this.#programs.push(await startProgram('tenant-worker', args, heard));
    }
  }

  async run(): Promise<TenantFigures> {
    const { tenants, perS, times, warmS, calmS, floodS, patienceS } = this.#plan;
    // Each side has a process of its own: what is measured is the queue, not who shares a producer.
    const others = await this.#producer(1, tenants - 1);
    const flooder = await this.#producer(0, 1);
    const pace = (part: string, factor: number) => {
      others.send({ perS: perS * (tenants - 1), part } satisfies TenantPace);
      flooder.send({ perS: perS * factor, part } satisfies TenantPace);
    };
    pace('warm', 1);
    await sleep(warmS * 1_000);
    pace('calm', 1);
    await sleep(calmS * 1_000);
    pace('flood', times);
    await sleep(floodS * 1_000);
    for (const producer of [others, flooder]) producer.send({ perS: 0, part: '' } satisfies TenantPace);

    const until = performance.now() + patienceS * 1_000;
    while (performance.now() < until && ((await this.#unfinished()) > 0 || this.#done.size < this.#accepted)) {
      await sleep(lookMs);
    }
    return this.#figures(await this.#unfinished());
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
    const runs = [...this.#done.values()];
    const waits = (part: string, isFlooder: boolean) =>
      runs
        .filter((run) => run.part === part && (run.tenant === 'tenant-0') === isFlooder)
        .map(({ sentAt, begunAt }) => (begunAt - sentAt) / 1_000);
    return {
      calmP99Ms: percentile(waits('calm', false), 0.99),
      floodP99Ms: percentile(waits('flood', false), 0.99),
      floodP50Ms: percentile(waits('flood', false), 0.5),
      flooderP99Ms: percentile(waits('flood', true), 0.99),
      done: runs.length,
      refused: this.#failed,
      leftOver,
      lost: Math.max(0, this.#accepted - runs.length - leftOver),
    };
  }
}
