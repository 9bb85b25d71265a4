import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createProducer } from 'bulwark';
import { pino } from 'pino';
import { BreakerStore } from '../../src/breaker/breaker-store.js';
import { resolveRedisInput } from '../../src/config/redis-input.js';
import { closeRedis, connectRedis, type RedisClient } from '../../src/redis/connection.js';
import { Keyspace } from '../../src/redis/keyspace.js';
import { startNode } from '../children.js';
import { percentile, rounded } from '../figures.js';
import { scaleJob, store } from '../peers/scale-job.js';
import { withPrivateRedis } from '../private-redis.js';
import type { Figures, Proof, ProofResult } from '../proof.js';
import { atMost } from '../runs/bounds.js';
import { type FixedFigures, FixedWorkers } from '../runs/fixed-workers.js';
import { PacedLoad } from '../runs/paced-load.js';
import { PoolGauge, workersOf } from '../runs/pool-gauge.js';

const slots = 5;
const jobMs = 200;
const most = 6;
const calmPerSecond = 8;
const rushPerSecond = 10 * calmPerSecond;
/** What the rush keeps busy, and a third more: 80 jobs a second of 0.2 s each, over 5 slots at three quarters. */
const needed = Math.ceil((rushPerSecond * jobMs) / 1_000 / (slots * 0.75));
const followMs = 15_000;
/** Longer than a worker that is stopped waits for its jobs: a stop would interrupt them. */
const longMs = 30_000;
const downAfter = '8s';
/** As long as workers may take to follow: long enough to see that none do. */
const openMs = followMs;
const patienceMs = 120_000;

/** Whether a pool follows a rush, up and down again, and what that costs the jobs. */
export const scale: Proof = {
  name: 'scale',
  about: `${rushPerSecond / calmPerSecond} times the load on \`bulwark up --min 1 --max ${most}\`, and back: workers follow, no job is interrupted, none are added while a breaker is open (3 min)`,
  run: (say, { quick }) =>
    withRedisEach(async ([url, calmUrl, rushUrl]): Promise<ProofResult> => {
      const cli = fileURLToPath(new URL('../../../bin/bulwark.mjs', import.meta.url));
      const jobs = fileURLToPath(new URL('../peers/scale-job.js', import.meta.url));
      const flags = [
        '--min',
        '1',
        '--max',
        String(most),
        '--concurrency',
        String(slots),
        '--jobs',
        jobs,
        '--http-port',
        '0',
      ];
      const pool = startNode(cli, ['up', '--redis', url, '--json', ...flags], {
        BULWARK_SUPERVISOR_SCALE_DOWN_AFTER: downAfter,
      });
      const client = await connectRedis({
        redis: resolveRedisInput(url),
        name: 'prove-scale',
        manner: 'patient',
        onError: () => undefined,
      });
      const producer = createProducer({ redis: url, log: pino({ level: 'silent' }) });
      const accepted: string[] = [];
      const rivals: FixedWorkers[] = [];
      const fed: FixedWorkers[] = [];
      const gauge = new PoolGauge({ client, queue: scaleJob.queue.name, keeper: pool.pid });
      const enqueue = async (count: number, ms: number): Promise<void> => {
        const [added] = await Promise.all([
          producer.enqueueMany(scaleJob, new Array(count).fill({ ms })),
          ...fed.map((rival) => rival.enqueue(count, ms)),
        ]);
        accepted.push(...added.map(({ id }) => id));
      };
      const load = new PacedLoad((count) => enqueue(count, jobMs));
      try {
        await pool.lineThat((line) => line === '}', 30_000);
        // What the calm needs, and what the rush does: one number of workers has to do for both.
        for (const [at, processes] of [
          [calmUrl, 1],
          [rushUrl, needed],
        ] as const) {
          rivals.push(await FixedWorkers.start(at, processes, slots));
        }
        fed.push(...rivals);
        const beganAt = performance.now();
        gauge.start();
        load.perSecond = calmPerSecond;
        await sleep(quick ? 3_000 : 20_000);
        const before = await workersOf(client);

        load.perSecond = rushPerSecond;
        const upMs = await until(`${needed} workers`, async () => (await workersOf(client)) >= needed);
        say(`${before} workers before; ${needed} after ${Math.round(upMs)} ms at ten times the load`);
        await sleep(quick ? 1_000 : 20_000);
        const peak = await workersOf(client);
        await enqueue(most, longMs);
        load.perSecond = calmPerSecond;

        const downMs = await until(
          'as many workers as before',
          async () => (await workersOf(client)) <= Math.max(2, before),
        );
        say(`${peak} workers at most; at ${Math.max(2, before)} again after ${Math.round(downMs)} ms`);
        const ofTheRush = accepted.length;
        await gauge.stop();
        const loadS = (performance.now() - beganAt) / 1_000;
        // What comes now is about breakers, of which they have none.
        fed.length = 0;

        const breakers = new BreakerStore(client, new Keyspace('bulwark'));
        const operator = { by: 'prove', why: 'what the jobs need is down' };
        const open = await workersOf(client);
        await breakers.isolate(store.name, operator);
        load.perSecond = rushPerSecond;
        const mostWhileOpen = await mostWithin(quick ? 2_000 : openMs, () => workersOf(client));
        await breakers.release(store.name, operator);
        load.perSecond = calmPerSecond;
        say(
          `${open} workers before a breaker opened; ${mostWhileOpen} at most while it was open at ten times the load`,
        );
        const releasedMs = await until('more workers once it is closed', async () => (await workersOf(client)) > open);
        await load.stop();
        const account = await accountOf(client, accepted, ofTheRush);
        const [forCalm, forRush] = await Promise.all(rivals.map((rival) => rival.figures(patienceMs)));
        return {
          proof: 'scale',
          bulwark: {
            jobs: accepted.length,
            workersBefore: before,
            workersPeak: peak,
            followedMs: rounded(upMs),
            downMs: rounded(downMs),
            interrupted: account.interrupted,
            addedWhileOpen: Math.max(0, mostWhileOpen - open),
            followedAfterReleaseMs: rounded(releasedMs),
            p50WaitMs: rounded(percentile(account.waitsMs, 0.5)),
            p99WaitMs: rounded(percentile(account.waitsMs, 0.99)),
            mostWaiting: gauge.mostWaiting,
            workerSeconds: rounded(gauge.workerSeconds),
          },
          bullmq: {
            ...fixedFigures('for the calm', forCalm, loadS),
            ...fixedFigures('for the rush', forRush, needed * loadS),
          },
          ...(!quick && {
            bounds: {
              followedMs: atMost(followMs, rounded(upMs)),
              interrupted: atMost(0, account.interrupted),
              addedWhileOpen: atMost(0, Math.max(0, mostWhileOpen - open)),
            },
          }),
          lost: account.lost,
        };
      } finally {
        // Whatever fails here, nobody is left running, and what failed first is what is told.
        await Promise.allSettled([gauge.stop(), load.stop()]);
        await Promise.allSettled([...rivals.map((rival) => rival.end()), producer.close()]);
        await Promise.allSettled([closeRedis(client), pool.stop()]);
      }
    }),
};

/** Runs something with three Redis servers: one for each who takes the load. */
function withRedisEach<T>(run: (urls: readonly [string, string, string]) => Promise<T>): Promise<T> {
  return withPrivateRedis((one) =>
    withPrivateRedis((other) => withPrivateRedis((third) => run([one.url, other.url, third.url]))),
  );
}

function fixedFigures(what: string, figures: FixedFigures | undefined, workerSeconds: number): Figures {
  const { waitsMs = [], mostWaiting = Number.NaN, lost = Number.NaN } = figures ?? {};
  return {
    [`p50WaitMs ${what}`]: rounded(percentile(waitsMs, 0.5)),
    [`p99WaitMs ${what}`]: rounded(percentile(waitsMs, 0.99)),
    [`mostWaiting ${what}`]: mostWaiting,
    [`workerSeconds ${what}`]: rounded(workerSeconds),
    [`lost ${what}`]: lost,
  };
}

/** The most that something came to within so long. */
async function mostWithin(ms: number, measure: () => Promise<number>): Promise<number> {
  const until = performance.now() + ms;
  let most = 0;
  while (performance.now() < until) {
    most = Math.max(most, await measure());
    await sleep(200);
  }
  return most;
}

/** How long it took until something was so, in ms. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<number> {
  const since = performance.now();
  while (!(await isSo())) {
    if (performance.now() - since > patienceMs) throw new Error(`not ${what} within ${patienceMs} ms`);
    await sleep(100);
  }
  return performance.now() - since;
}

interface Account {
  /** Accepted and not completed. */
  readonly lost: number;
  /** Started more than once. */
  readonly interrupted: number;
  /** From enqueue to the last start, of those that were measured. */
  readonly waitsMs: readonly number[];
}

/** Waits for all jobs to end, and says what became of them, and how long the first `measured` had waited. */
async function accountOf(client: RedisClient, ids: readonly string[], measured: number): Promise<Account> {
  const base = new Keyspace('bulwark').queueBase(scaleJob.queue.name);
  const completed = async (): Promise<number> => client.zcard(`${base}completed`);
  await until('all jobs are done', async () => (await completed()) >= ids.length).catch(() => undefined);
  const fields = await Promise.all(
    ids.map((id) => client.hmget(`${base}${id}`, 'timestamp', 'processedOn', 'finishedOn', 'ats')),
  );
  return {
    lost: fields.filter(([, , finishedOn]) => finishedOn === null).length,
    interrupted: fields.filter(([, , , starts]) => Number(starts) > 1).length,
    waitsMs: fields.slice(0, measured).map(([timestamp, processedOn]) => Number(processedOn) - Number(timestamp)),
  };
}
