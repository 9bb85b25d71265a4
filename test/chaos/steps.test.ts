import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadJobs } from '../../src/cli/load-jobs.js';
import type { AnyJobDefinition } from '../../src/index.js';
import { quickPace } from '../fixtures/cli/processes.js';
import { answer, startServer } from '../fixtures/workers/test-server.js';
import { startPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import { type RunningProcess, spawnBulwark } from '../support/processes.js';
import { seededRandom } from '../support/seeded-random.js';
import { quickSupervisor } from './pool-process.js';

const jobsFile = fileURLToPath(new URL('../fixtures/chaos/steps.mjs', import.meta.url));

/** Where the effects of the jobs arrive: it counts every call, and takes none with a lower fence than it has seen of the job. */
async function startReceiver() {
  const calls: { readonly effect: string; readonly key: string; readonly taken: boolean }[] = [];
  const fences = new Map<string, number>();
  const url = await startServer((request, response) => {
    const [, job = '', name = ''] = (request.url ?? '').split('/');
    const fence = Number(request.headers['x-fence']);
    const taken = fence >= (fences.get(job) ?? 0);
    if (taken) fences.set(job, fence);
    calls.push({ effect: `${job}/${name}`, key: String(request.headers['idempotency-key']), taken });
    answer(response, taken ? 200 : 409);
  });
  return { url, calls };
}

/** A pool whose workers are processes. Its supervisor lives with the test and blames no job for what is done to them. */
async function startProcesses() {
  const pool = await startPool();
  await pool.supervisor({ supervisor: { ...quickSupervisor, poisonAfter: 20, quarantineAfter: 20 } });
  const receiver = await startReceiver();
  const [order] = (await loadJobs([jobsFile])) as [AnyJobDefinition];
  const env = { ...quickPace, BULWARK_REDIS_URL: pool.url };
  const spawnWorker = (): RunningProcess => spawnBulwark(['worker', 'run', '--jobs', jobsFile], { env });
  const enqueue = (count: number, pauseMs: () => number) =>
    pool.producer().enqueueMany(
      order,
      Array.from({ length: count }, () => ({ receiver: receiver.url, pauseMs: pauseMs() })),
    );
  const allDone = (count: number) =>
    eventually('every job is done', async () => (await pool.inspector.sample('orders')).completed === count, {
      timeoutMs: 30_000,
    });
  return { pool, receiver, spawnWorker, enqueue, allDone };
}

const started = (worker: RunningProcess) => worker.waitForLine(({ fields }) => fields['msg'] === 'worker.started');
const between = (worker: RunningProcess) => worker.waitForLine(({ fields }) => fields['msg'] === 'between');

/**
 * Broken: a worker process, killed between two steps. Holds: another one finishes the job, and the first step is not done again.
 */
it('does no step again that was done before its worker was killed', { timeout: 60_000 }, async () => {
  const { receiver, spawnWorker, enqueue, allDone } = await startProcesses();
  const first = spawnWorker();
  await started(first);
  await enqueue(1, () => 2_000);
  await between(first);

  first.kill('SIGKILL');
  spawnWorker();
  await allDone(1);

  expect(receiver.calls.map(({ effect }) => effect.replace(/^.*\//, ''))).toEqual(['charge', 'mail']);
});

/**
 * Broken: a worker process, stopped between two steps for so long that its job is given to another, and continued when that one is done.
 * Holds: what it still sends has a lower fence, and a receiver that looks at the fence takes every effect once.
 */
it('gives a worker that comes back from the dead a lower fence', { timeout: 60_000 }, async () => {
  const { pool, receiver, spawnWorker, enqueue, allDone } = await startProcesses();
  const first = spawnWorker();
  await started(first);
  const [job] = await enqueue(1, () => 300);
  await between(first);

  first.kill('SIGSTOP');
  spawnWorker();
  await allDone(1);
  first.kill('SIGCONT');
  await first.waitForLine(({ fields }) => fields['msg'] === 'job.lease_lost', 20_000);

  const taken = receiver.calls.filter((call) => call.taken).map(({ effect }) => effect.replace(/^.*\//, ''));
  expect(taken).toEqual(['charge', 'mail']);
  expect(await pool.inspector.job('orders', job?.id ?? '')).toMatchObject({ state: 'completed', starts: 2 });
});

const jobCount = 60;
const killCount = 6;
const slots = 10;

/**
 * Broken: two workers, killed at random and replaced. Holds: every effect of every job arrives under one key, and so once at a receiver
 * that honours it; at one that does not, again only when the kill fell between the effect and its being remembered.
 */
it('sends every effect under one key while workers are killed at random', { timeout: 90_000 }, async ({ annotate }) => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  const { receiver, spawnWorker, enqueue, allDone } = await startProcesses();
  const workers = [spawnWorker(), spawnWorker()];
  await Promise.all(workers.map(started));
  const jobs = await enqueue(jobCount, () => Math.floor(400 * random()));

  for (let kill = 0; kill < killCount; kill++) {
    await sleep(100 + 300 * random());
    workers[kill % 2]?.kill('SIGKILL');
    workers[kill % 2] = spawnWorker();
  }
  await allDone(jobCount);

  const keys = new Map<string, Set<string>>();
  for (const { effect, key } of receiver.calls) keys.set(effect, (keys.get(effect) ?? new Set()).add(key));
  const effects = jobs.flatMap(({ id }) => [`${id}/charge`, `${id}/mail`]);
  expect([...keys.keys()].sort(), `seed ${seed}`).toEqual(effects.sort());
  expect(Math.max(...[...keys.values()].map(({ size }) => size))).toBe(1);
  expect(new Set(receiver.calls.map(({ key }) => key)).size).toBe(effects.length);
  const again = receiver.calls.length - effects.length;
  expect(again, `seed ${seed}`).toBeLessThanOrEqual(killCount * slots);
  await annotate(`${effects.length} effects, ${again} of them sent again`);
});
