import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { createProducer } from 'bulwark';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { Keyspace } from '../../src/redis/keyspace.js';
import { QueueInspector } from '../../src/transport/queue-inspector.js';
import { EffectReceiver } from '../faults/effect-receiver.js';

import { effectJob } from '../peers/effect-job.js';
import { type PrivateRedis, withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { raceForClaims } from '../runs/claim-races.js';
import { EffectCrew, type Mishap, pointsOf } from '../runs/effect-crew.js';
import { startProgram } from '../runs/programs.js';

const workers = 5;
const slots = 20;
/** So many jobs wait at any time. */
const backlog = 300;
/** One job in so many is written a second time by plain BullMQ, with the same key and an id of its own. */
const twinEvery = 20;
const longestPauseMs = 120;
const patienceMs = 120_000;
const strikeEveryMs = 400;
/** What happens next, drawn at random. */
const odds: readonly (readonly [Mishap, number])[] = [
  ['killed', 0.6],
  ['answer lost', 0.28],
  ['frozen', 0.12],
];
const steps = ['charge', 'ship'];
const bare = ['reserve'];

/** Whether what jobs do outside happens once, whatever happens to whoever does it. */
export const effects: Proof = {
  name: 'effects',
  about: 'effects outside happen once, while workers are killed, frozen and lose answers amid 5,000 runs (6 min)',
  run: async (say, { quick }): Promise<ProofResult> =>
    withPrivateRedis(async (redis) => {
      const plan = quick ? { caught: 40, races: 500 } : { caught: 5_000, races: 10_000 };
      say(`two workers claim the same key, ${plan.races} times …`);
      const { races, undecided } = await raceForClaims(redis.url, plan.races);
      const trial = new Trial(redis);
      try {
        await trial.start();
        await trial.strikeUntil(plan.caught, say);
        const { bulwark, lost } = await trial.account();
        const figures = { ...bulwark, races, racesUndecided: undecided };
        return { proof: 'effects', bulwark: figures, bounds: boundsOf(figures), lost };
      } finally {
        await trial.end();
      }
    }),
};

function boundsOf({ effectsPerJob, zombieCommits, racesUndecided }: Figures): NonNullable<ProofResult['bounds']> {
  return {
    effectsPerJob: { limit: 1, held: effectsPerJob === 1 },
    zombieCommits: atMost(0, zombieCommits),
    racesUndecided: atMost(0, racesUndecided),
  };
}

class Trial {
  readonly #redis: PrivateRedis;
  readonly #crew: EffectCrew;
  readonly #receiver = new EffectReceiver();
  readonly #producer;
  readonly #plain: Queue;
  readonly #client: Redis;
  #supervisor: ChildProcess | undefined;
  /** The ids of the accepted jobs, by number; two for those that were written twice. */
  readonly #accepted = new Map<number, string[]>();

  constructor(redis: PrivateRedis) {
    this.#redis = redis;
    this.#crew = new EffectCrew({ url: redis.url, port: Number(new URL(redis.url).port) }, slots);
    this.#producer = createProducer({ redis: redis.url, log: pino({ level: 'silent' }) });
    const { name } = effectJob.queue;
    this.#plain = new Queue(name, { connection: { url: redis.url }, prefix: new Keyspace('bulwark').prefix(name) });
    this.#client = new Redis(redis.url);
  }

  async start(): Promise<void> {
    await this.#receiver.start();
    // Here jobs lose worker after worker, and none of them is to blame.
    const supervisor = { quarantineAfter: 20, poisonAfter: 20 };
    this.#supervisor = await startProgram('pool-member', [
      'supervisor',
      JSON.stringify({ redis: this.#redis.url, supervisor }),
    ]);
    await this.#crew.start(workers);
  }

  /** Lets one mishap after the other happen until so many runs were caught in one. */
  async strikeUntil(caught: number, say: (line: string) => void): Promise<void> {
    const struck: Promise<void>[] = [];
    for (let strikes = 1; this.#crew.caught < caught; strikes++) {
      await this.#topUp();
      await sleep(strikeEveryMs * (0.5 + Math.random()));
      struck.push(this.#crew.strike(draw()));
      if (strikes % 20 === 0) say(`${strikes} mishaps, ${this.#crew.caught} of ${caught} runs caught in one`);
    }
    await Promise.all(struck);
  }

  /** Waits for all jobs to end and says what was seen outside. */
  async account(): Promise<{ readonly bulwark: Figures; readonly lost: number }> {
    const ids = [...this.#accepted.values()].flat();
    const results = await this.#results(ids);
    const committed = new Map(ids.map((id, at) => [id, results[at]]));
    const runs = [...this.#crew.runs.values()];
    const zombies = runs.filter(({ zombie }) => zombie);
    let [byKey, byCall, bareByCall, zombieCommits] = [0, 0, 0, 0];
    let isExact = true;
    for (const [number, own] of this.#accepted) {
      const seen = this.#receiver.countsOf(number, [...steps, ...bare]);
      isExact &&= seen.byKey === steps.length + bare.length;
      byKey += seen.byKey;
      byCall += this.#receiver.countsOf(number, steps).byCall;
      bareByCall += this.#receiver.countsOf(number, bare).byCall;
      // Whatever was committed was committed by the last that was let begin.
      const said = new Set(own.map((id) => committed.get(id)));
      const run = this.#crew.runs.get([...said][0] ?? '');
      if (said.size > 1 || !run || run.fence < this.#crew.highestFence(number)) zombieCommits += 1;
    }
    const jobs = this.#accepted.size;
    const effectsPerJob = byKey / (jobs * (steps.length + bare.length));
    const caught = runs.filter(({ mishap }) => mishap);
    const by = (kind: Mishap) => caught.filter(({ mishap }) => mishap === kind).length;
    return {
      bulwark: {
        jobs,
        runs: runs.length,
        caught: caught.length,
        caughtKilled: by('killed'),
        caughtFrozen: by('frozen'),
        caughtAnswerLost: by('answer lost'),
        ...Object.fromEntries(Object.entries(pointsOf(runs)).map(([point, count]) => [`caughtAt_${point}`, count])),
        effectsPerJob: isExact ? effectsPerJob : Number.NaN,
        callsPerStep: precise(byCall / (jobs * steps.length)),
        callsPerBareEffect: precise(bareByCall / (jobs * bare.length)),
        staleCalls: this.#receiver.staleCalls,
        zombies: zombies.length,
        zombiesThatEnded: zombies.filter(({ point }) => point === 'ended').length,
        zombieCommits,
      },
      lost: results.filter((result) => result === undefined).length,
    };
  }

  async end(): Promise<void> {
    this.#crew.end();
    this.#supervisor?.kill('SIGKILL');
    this.#receiver.close();
    this.#client.disconnect();
    await Promise.all([this.#producer.close(), this.#plain.close()]);
  }

  async #topUp(): Promise<void> {
    const { waiting } = await this.#inspector.sample(effectJob.queue.name);
    const count = backlog - waiting;
    if (count <= 0) return;
    const first = this.#accepted.size;
    const payloads = Array.from({ length: count }, (_, at) => ({
      number: first + at,
      receiver: this.#receiver.url,
      pausesMs: Array.from({ length: 3 }, () => Math.round(longestPauseMs * Math.random())),
    }));
    const jobs = await this.#producer.enqueueMany(effectJob, payloads);
    for (const [at, { id }] of jobs.entries()) this.#accepted.set(first + at, [id]);
    const twins = payloads.filter(({ number }) => number % twinEvery === 0);
    const written = await this.#plain.addBulk(
      twins.map((data) => ({
        name: effectJob.kind,
        data,
        opts: { jobId: `twin-${data.number}`, removeOnComplete: false },
      })),
    );
    for (const [at, { number }] of twins.entries()) this.#accepted.get(number)?.push(written[at]?.id ?? '');
  }

  /** What each job returned in the end; undefined for one that has not ended in time. */
  async #results(ids: readonly string[]): Promise<(string | undefined)[]> {
    const results = new Map<string, string>();
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline && results.size < ids.length) {
      await sleep(200);
      const open = ids.filter((id) => !results.has(id));
      for (let from = 0; from < open.length; from += 500) {
        const part = open.slice(from, from + 500);
        const outcomes = await this.#inspector.outcomes(effectJob.queue.name, part);
        for (const [at, outcome] of outcomes.entries()) {
          if (outcome.state === 'completed') results.set(part[at] ?? '', String(outcome.result));
        }
      }
    }
    return ids.map((id) => results.get(id));
  }

  get #inspector(): QueueInspector {
    return new QueueInspector(this.#client, new Keyspace('bulwark'));
  }
}

function draw(): Mishap {
  let left = Math.random();
  for (const [mishap, share] of odds) {
    left -= share;
    if (left < 0) return mishap;
  }
  return 'killed';
}

function precise(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
