import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import type { RunningProcess } from '../support/processes.js';
import { seededRandom } from '../support/seeded-random.js';
import { watchCensus } from './census.js';
import { chaosJob } from './chaos-job.js';
import { type ChaosPayload, quickSupervisor, quickWorker, ready, spawnWorker, told } from './pool-process.js';

const jobCount = 300;
const workerCount = 3;
const slots = 2;
const killCount = 6;

/**
 * Broken: worker processes, killed at random and replaced, and Redis, killed once. Holds: law 1, nothing is lost, at any moment;
 * every job ends; a job runs twice only when its worker was killed with it.
 */
it('loses no job while workers are killed at random and Redis crashes once', { timeout: 40_000 }, async ({
  annotate,
}) => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  const pool = await startPool({ appendOnly: true });
  // The workers are to blame here: a job that was there three times is none the worse for it.
  const supervisor = { ...quickSupervisor, poisonAfter: 20 };
  await pool.supervisor({ supervisor });
  await pool.supervisor({ supervisor });
  const producer = pool.producer();
  const payloads = Array.from(
    { length: jobCount },
    (_, n): ChaosPayload => ({
      ms: 20 + Math.floor(80 * random()),
      ...(n % 20 === 0 && { fails: 'always' }),
      ...(n % 20 === 10 && { fails: 'once' }),
    }),
  );
  const jobs = await producer.enqueueMany(chaosJob, payloads);
  const census = watchCensus(pool, 'chaos');
  const spawn = () => spawnWorker(pool.url, { ...quickWorker, concurrency: slots });
  const live = Array.from({ length: workerCount }, spawn);
  const all = [...live];
  await Promise.all(live.map(ready));

  for (let kill = 1; kill <= killCount; kill++) {
    await sleep(200 + 300 * random());
    const index = Math.floor(random() * workerCount);
    live[index]?.kill('SIGKILL');
    live[index] = spawn();
    all.push(live[index]);
    if (kill === killCount / 2) {
      await pool.server.kill();
      await pool.server.restart();
    }
  }
  const killedAt = performance.now();
  await eventually(
    'every job has ended',
    async () => {
      const { completed, dead_lettered } = await pool.inspector.sample('chaos');
      return completed + dead_lettered === jobCount;
    },
    { timeoutMs: 20_000 },
  );
  const restMs = Math.round(performance.now() - killedAt);

  const outcomes = await pool.inspector.outcomes(
    'chaos',
    jobs.map(({ id }) => id),
  );
  const expected = payloads.map(({ fails }) => (fails === 'always' ? 'dead_lettered' : 'completed'));
  expect(outcomes.map(({ state }) => state)).toEqual(expected);
  const completed = jobs.filter((_, n) => expected[n] === 'completed').map(({ id }) => id);
  const endings = all.flatMap((each) => told(each, 'ended'));
  expect(completed.filter((id) => !endings.includes(id))).toEqual([]);
  const { samples, sums } = await census.stop();
  expect(sums, `seed ${seed}`).toEqual(new Set([jobCount]));
  const twice = repeatsIn(
    all,
    payloads.map(({ fails }, n) => (fails === 'once' ? jobs[n]?.id : undefined)),
  );
  expect(twice, `seed ${seed}`).toBeLessThanOrEqual(killCount * slots);
  await annotate(
    `${samples} samples, all sums right; ${twice} runs were repeated; the rest took ${restMs} ms after the last kill`,
  );
});

/** How many runs began beyond the one of each job, and beyond the second of those that fail once. */
function repeatsIn(processes: readonly RunningProcess[], failOnce: readonly (string | undefined)[]): number {
  const starts = processes.flatMap((each) => told(each, 'started'));
  const failed = failOnce.filter((id) => id !== undefined).length;
  return starts.length - new Set(starts).size - failed;
}
