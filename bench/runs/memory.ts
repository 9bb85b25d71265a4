import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Keyspace } from '../../src/redis/keyspace.js';
import { QueueInspector } from '../../src/transport/queue-inspector.js';
import { classes, type Rival, type WorkClass } from '../peers/overload-jobs.js';
import type { PaceOrder, SentEvent } from '../peers/overload-producer.js';
import type { BegunEvent } from '../peers/overload-worker.js';
import { startProgram } from './programs.js';

/** A Redis that others fill, stage by stage, and then a flood of large jobs. */
export interface MemoryPlan {
  /** How full it is made, as parts of its limit. */
  readonly stages: readonly number[];
  /** How long each stage is looked at, after the pool has had time to notice. */
  readonly lookS: number;
  readonly floodS: number;
  /** What Redis does when its memory is full, as `maxmemory-policy` names it. */
  readonly policy: string;
}

export interface StageFigures {
  /** Which part of the jobs of each class was taken. */
  readonly taken: Readonly<Record<WorkClass, number>>;
}

export interface MemoryFigures {
  readonly stages: readonly StageFigures[];
  /** Jobs of the first class that were not taken while the others flooded, for whatever reason. */
  readonly firstClassFailed: number;
  /** Writes that Redis refused, of all classes. */
  readonly writesFailed: number;
  readonly highestRatio: number;
  readonly evicted: number;
  /** Accepted and neither begun nor given up as too late, when the flood was over and there was room again. */
  readonly lost: number;
}

const workers = 2;
const roomPerWorker = 5;
const callMs = 100;
const noticeMs = 3_000;
const stagePace: PaceOrder = { perS: 60, bytes: 0 };
/** Three times what can be done, in jobs of eight KiB. */
const floodPace: PaceOrder = { perS: 300, bytes: 8_192 };
const ballast = 'ballast';
const chunkBytes = 256 * 1_024;
const patienceMs = 90_000;

/** Lets one rival go through it, on a Redis of its own that has a limit. */
export async function fillUp(rival: Rival, plan: MemoryPlan, url: string): Promise<MemoryFigures> {
  const run = new Filling(rival, url);
  try {
    await run.start();
    return await run.through(plan);
  } finally {
    run.end();
  }
}

class Filling {
  readonly #rival: Rival;
  readonly #url: string;
  readonly #client: Redis;
  readonly #programs: ChildProcess[] = [];
  readonly #accepted = new Set<number>();
  readonly #begun = new Set<number>();
  #producer: ChildProcess | undefined;
  #taken = none();
  #refused = none();
  #failed = none();
  #highestRatio = 0;
  #chunks = 0;

  constructor(rival: Rival, url: string) {
    this.#rival = rival;
    this.#url = url;
    this.#client = new Redis(url);
  }

  async start(): Promise<void> {
    if (this.#rival === 'bulwark') this.#programs.push(await startProgram('bulwark-supervisor', [this.#url]));
    for (let n = 0; n < workers; n++) {
      const args = [this.#rival, this.#url, String(roomPerWorker), String(callMs)];
      this.#programs.push(
        await startProgram<BegunEvent>('overload-worker', args, ({ jobs }) => {
          for (const { number } of jobs) this.#begun.add(number);
        }),
      );
    }
    this.#producer = await startProgram<SentEvent>('overload-producer', [this.#rival, this.#url], (event) =>
      this.#sent(event),
    );
  }

  async through({ stages, lookS, floodS, policy }: MemoryPlan): Promise<MemoryFigures> {
    // Not before: Bulwark starts on no Redis that would delete jobs.
    await this.#client.config('SET', 'maxmemory-policy', policy);
    this.#pace(stagePace);
    const seen: StageFigures[] = [];
    for (const stage of stages) {
      await this.#fillTo(stage);
      await sleep(noticeMs);
      this.#forget();
      await this.#watch(lookS);
      seen.push({ taken: this.#takenShares() });
    }
    await this.#fillTo(Math.min(...stages));
    await sleep(noticeMs);
    this.#forget();
    this.#pace(floodPace);
    await this.#watch(floodS);
    this.#pace({ perS: 0, bytes: 0 });
    // What it is about to tell.
    await sleep(1_000);
    const failed = this.#failed;
    const firstClassFailed = failed.critical_plus + this.#refused.critical_plus;
    await this.#client.del(ballast);
    const info = await this.#client.info('stats');
    return {
      stages: seen,
      firstClassFailed,
      writesFailed: classes.reduce((sum, each) => sum + failed[each], 0),
      highestRatio: this.#highestRatio,
      evicted: Number(/^evicted_keys:(\d+)/m.exec(info)?.[1]),
      lost: await this.#notBegun(),
    };
  }

  end(): void {
    this.#client.disconnect();
    for (const program of [...this.#programs, this.#producer]) program?.disconnect();
  }

  #pace(pace: PaceOrder): void {
    this.#producer?.send(pace);
  }

  /** Adds or takes away what is not ours until the memory is so full. */
  async #fillTo(ratio: number): Promise<void> {
    const chunk = 'b'.repeat(chunkBytes);
    while ((await this.#ratio()) < ratio) await this.#client.hset(ballast, String(this.#chunks++), chunk);
    while (this.#chunks > 0 && (await this.#ratio()) > ratio + 0.01)
      await this.#client.hdel(ballast, String(--this.#chunks));
  }

  async #ratio(): Promise<number> {
    const info = await this.#client.info('memory');
    const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
    const ratio = field('used_memory') / field('maxmemory');
    this.#highestRatio = Math.max(this.#highestRatio, ratio);
    return ratio;
  }

  async #watch(forS: number): Promise<void> {
    const until = performance.now() + forS * 1_000;
    while (performance.now() < until) {
      await sleep(250);
      await this.#ratio();
    }
  }

  /** Waits until all that was accepted has begun or was given up as too late; answers how much has not. */
  async #notBegun(): Promise<number> {
    const until = performance.now() + patienceMs;
    const left = async () =>
      [...this.#accepted].filter((number) => !this.#begun.has(number)).length - (await this.#expired());
    while ((await left()) > 0 && performance.now() < until) await sleep(500);
    return Math.max(0, await left());
  }

  async #expired(): Promise<number> {
    if (this.#rival !== 'bulwark') return 0;
    const inspector = new QueueInspector(this.#client, new Keyspace('bulwark'));
    const samples = await Promise.all(classes.map((each) => inspector.sample(each)));
    return samples.reduce((sum, sample) => sum + sample.dead_lettered, 0);
  }

  #sent({ accepted, refused, failed }: SentEvent): void {
    for (const { number, workClass } of accepted) {
      this.#accepted.add(number);
      this.#taken[workClass] += 1;
    }
    for (const each of classes) {
      this.#refused[each] += refused[each];
      this.#failed[each] += failed[each];
    }
  }

  #forget(): void {
    this.#taken = none();
    this.#refused = none();
    this.#failed = none();
  }

  #takenShares(): Record<WorkClass, number> {
    const share = (each: WorkClass) =>
      this.#taken[each] / Math.max(1, this.#taken[each] + this.#refused[each] + this.#failed[each]);
    return Object.fromEntries(classes.map((each) => [each, share(each)])) as Record<WorkClass, number>;
  }
}

function none(): Record<WorkClass, number> {
  return { critical_plus: 0, critical: 0, sheddable_plus: 0, sheddable: 0 };
}
