import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Keyspace } from '../../src/redis/keyspace.js';
import { ShedStore } from '../../src/shedding/shed-store.js';
import { QueueInspector } from '../../src/transport/queue-inspector.js';
import { percentile } from '../figures.js';
import { classes, type Rival, type WorkClass } from '../peers/overload-jobs.js';
import type { PaceOrder, SentEvent } from '../peers/overload-producer.js';
import type { BegunEvent, CapacityEvent, WorkerOrder } from '../peers/overload-worker.js';
import { startProgram } from './programs.js';

/** One incident: what comes before, what goes wrong, and for how long. */
export interface OverloadPlan {
  readonly warmS: number;
  readonly warmPerS: number;
  readonly incidentS: number;
  readonly incidentPerS: number;
  /** How long a call of the database takes, and how long in the incident. */
  readonly callMs: number;
  readonly incidentCallMs: number;
  /** How long the rest is waited for afterwards. */
  readonly patienceS: number;
}

export interface OverloadFigures {
  /** How long 99 of 100 jobs of each class waited for their first call, from when they were enqueued, in seconds. */
  readonly p99S: Readonly<Record<WorkClass, number>>;
  /** Of the two critical classes together. */
  readonly criticalP99S: number;
  /** Jobs that were begun in the incident. */
  readonly begunInIncident: number;
  /** The same over what the database could have answered in that time, as measured before without a queue. */
  readonly goodput: number;
  readonly accepted: number;
  readonly refused: number;
  /** Jobs of the first class that were not taken, for whatever reason. */
  readonly firstClassRefused: number;
  /** Given up because they were too late, which a dead letter tells. */
  readonly expired: number;
  /** Neither begun nor given up when patience ended, and where they are. */
  readonly leftOver: number;
  readonly lost: number;
  /** How many critical jobs were set aside at once, at most. */
  readonly criticalSetAside: number;
  /** How often what is shed turned by more than a tenth. */
  readonly reversals: number;
}

const workers = 2;
/** How many calls the database has room for in each worker. */
const roomPerWorker = 5;
/** How much is shed is read so often. */
const lookMs = 500;
const saturateForMs = 5_000;
/** For so long after it a worker is waited for. */
const tellMs = 15_000;

/** Lets one rival go through an incident, on a Redis of its own. */
export async function goThrough(rival: Rival, plan: OverloadPlan, url: string): Promise<OverloadFigures> {
  const incident = new Incident(rival, plan, url);
  try {
    await incident.start();
    return await incident.run();
  } finally {
    incident.end();
  }
}

class Incident {
  readonly #rival: Rival;
  readonly #plan: OverloadPlan;
  readonly #url: string;
  readonly #client: Redis;
  readonly #keyspace = new Keyspace('bulwark');
  readonly #programs: ChildProcess[] = [];
  readonly #capacities: number[] = [];
  readonly #accepted = new Map<number, WorkClass>();
  readonly #waitedS = new Map<number, { readonly workClass: WorkClass; readonly waitedS: number }>();
  readonly #shares: number[] = [];
  #producer: ChildProcess | undefined;
  #refused = 0;
  #firstClassRefused = 0;
  #criticalSetAside = 0;

  constructor(rival: Rival, plan: OverloadPlan, url: string) {
    this.#rival = rival;
    this.#plan = plan;
    this.#url = url;
    this.#client = new Redis(url);
  }

  async start(): Promise<void> {
    const { callMs } = this.#plan;
    if (this.#rival === 'bulwark') this.#programs.push(await startProgram('bulwark-supervisor', [this.#url]));
    for (let n = 0; n < workers; n++) {
      const args = [this.#rival, this.#url, String(roomPerWorker), String(callMs)];
      this.#programs.push(
        await startProgram<BegunEvent | CapacityEvent>('overload-worker', args, (event) => this.#heard(event)),
      );
    }
    this.#producer = await startProgram<SentEvent>('overload-producer', [this.#rival, this.#url], (event) =>
      this.#sent(event),
    );
  }

  async run(): Promise<OverloadFigures> {
    const { warmS, warmPerS, incidentS, incidentPerS, callMs, incidentCallMs, patienceS } = this.#plan;
    this.#tellWorkers({ callMs: incidentCallMs });
    this.#tellWorkers({ saturateForMs });
    await this.#untilMeasured();
    this.#tellWorkers({ callMs });
    this.#pace(warmPerS);
    await this.#watch(warmS);
    const [before, since] = [this.#waitedS.size, performance.now()];
    this.#pace(incidentPerS);
    this.#tellWorkers({ callMs: incidentCallMs });
    await this.#watch(incidentS);
    const begunInIncident = this.#waitedS.size - before;
    const capacityPerS = this.#capacities.reduce((sum, perS) => sum + perS, 0);
    const goodput = (1_000 * begunInIncident) / (capacityPerS * (performance.now() - since));
    this.#pace(0);
    this.#tellWorkers({ callMs });

    await this.#watch(patienceS, async () => (await this.#unfinished()).waiting === 0);
    return this.#figures(begunInIncident, goodput);
  }

  /** A worker that ends while it is measured tells nothing more. */
  async #untilMeasured(): Promise<void> {
    const withinMs = saturateForMs + tellMs;
    const until = performance.now() + withinMs;
    while (this.#capacities.length < workers) {
      if (performance.now() > until) {
        throw new Error(
          `${this.#capacities.length} of ${workers} workers told within ${withinMs} ms what they can do; look for one that ended`,
        );
      }
      await sleep(lookMs);
    }
  }

  end(): void {
    this.#client.disconnect();
    for (const program of [...this.#programs, this.#producer]) program?.disconnect();
  }

  #pace(perS: number): void {
    this.#producer?.send({ perS, bytes: 0 } satisfies PaceOrder);
  }

  #tellWorkers(order: WorkerOrder): void {
    for (const program of this.#programs.slice(-workers)) program.send(order);
  }

  /** Lets time pass and looks at what is shed meanwhile. */
  async #watch(forS: number, isOver: () => Promise<boolean> = async () => false): Promise<void> {
    const store = new ShedStore(this.#client, this.#keyspace);
    const until = performance.now() + forS * 1_000;
    while (performance.now() < until) {
      await sleep(lookMs);
      if (this.#rival === 'bulwark') {
        this.#shares.push((await store.directive())?.share ?? 0);
        const aside = await this.#client.zcard(this.#keyspace.parked('critical', 'shed'));
        this.#criticalSetAside = Math.max(this.#criticalSetAside, aside);
      }
      if (await isOver()) return;
    }
  }

  async #unfinished(): Promise<{ readonly waiting: number; readonly expired: number }> {
    const inspector = new QueueInspector(this.#client, this.#keyspace);
    if (this.#rival !== 'bulwark') {
      const [wait, active, prioritized, delayed] = await Promise.all([
        this.#client.llen('bull:work:wait'),
        this.#client.llen('bull:work:active'),
        this.#client.zcard('bull:work:prioritized'),
        this.#client.zcard('bull:work:delayed'),
      ]);
      return { waiting: wait + active + prioritized + delayed, expired: 0 };
    }
    const samples = await Promise.all(classes.map((each) => inspector.sample(each)));
    const sum = (of: (sample: (typeof samples)[number]) => number) =>
      samples.reduce((total, each) => total + of(each), 0);
    return {
      waiting: sum(({ waiting, prioritized, delayed, active }) => waiting + prioritized + delayed + active),
      expired: sum((sample) => sample.dead_lettered),
    };
  }

  #heard(event: BegunEvent | CapacityEvent): void {
    if (event.event === 'capacity') {
      this.#capacities.push(event.perS);
      return;
    }
    for (const { number, ...job } of event.jobs) if (!this.#waitedS.has(number)) this.#waitedS.set(number, job);
  }

  #sent({ accepted, refused, failed }: SentEvent): void {
    for (const { number, workClass } of accepted) this.#accepted.set(number, workClass);
    this.#refused += classes.reduce((sum, each) => sum + refused[each], 0);
    this.#firstClassRefused += refused.critical_plus + failed.critical_plus;
  }

  async #figures(begunInIncident: number, goodput: number): Promise<OverloadFigures> {
    const { waiting, expired } = await this.#unfinished();
    // What the programs were about to tell of what has ended.
    await sleep(1_000);
    const waits = [...this.#waitedS.values()];
    const p99 = (which: readonly WorkClass[]) =>
      percentile(
        waits.filter(({ workClass }) => which.includes(workClass)).map(({ waitedS }) => waitedS),
        0.99,
      );
    const notBegun = [...this.#accepted.keys()].filter((number) => !this.#waitedS.has(number)).length;
    return {
      p99S: Object.fromEntries(classes.map((each) => [each, p99([each])])) as Record<WorkClass, number>,
      criticalP99S: p99(['critical_plus', 'critical']),
      begunInIncident,
      goodput,
      accepted: this.#accepted.size,
      refused: this.#refused,
      firstClassRefused: this.#firstClassRefused,
      expired,
      leftOver: waiting,
      lost: Math.max(0, notBegun - waiting - expired),
      criticalSetAside: this.#criticalSetAside,
      reversals: countReversals(this.#shares),
    };
  }
}

/** How often a series turned around by more than a tenth. */
function countReversals(shares: readonly number[]): number {
  let [reversals, direction, extreme] = [0, 1, 0];
  for (const share of shares) {
    if ((share - extreme) * direction >= 0) extreme = share;
    else if (Math.abs(share - extreme) > 0.1) {
      reversals += 1;
      direction = -direction;
      extreme = share;
    }
  }
  return reversals;
}
