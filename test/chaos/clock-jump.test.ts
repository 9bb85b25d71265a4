import { expect, it } from 'vitest';
import { startPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import type { RunningProcess } from '../support/processes.js';
import { chaosJob } from './chaos-job.js';
import { quickSupervisor, quickWorker, ready, spawnSupervisor, spawnWorker, told } from './pool-process.js';

const hourMs = 3_600_000;
const delayMs = 1_000;

/** Lets the wall clock of a process jump; resolves with what it shows then. */
async function jump(process: RunningProcess): Promise<number> {
  process.kill('SIGUSR2');
  const { fields } = await process.waitForLine((line) => line.fields['event'] === 'jumped');
  return Number(fields['now']);
}

/**
 * Broken: the wall clocks of a worker and of the leader jump by an hour while they work. Holds: nobody is taken for dead, the leader goes
 * on to lead, no job is lost or expires, and a delayed one runs neither early nor an hour late.
 */
it.each([
  ['forward', hourMs],
  ['back', -hourMs],
])('minds no wall clock that jumps an hour %s', { timeout: 30_000 }, async (_way, jumpsMs) => {
  const pool = await startPool();
  const leader = spawnSupervisor(pool.url, quickSupervisor, { jumpsMs });
  const leaderId = await ready(leader);
  const lead = () => pool.client.hgetall(pool.keyspace.leader);
  const { epoch } = await eventually('it leads', async () => ((await lead())['id'] === leaderId ? lead() : undefined));
  const worker = spawnWorker(pool.url, { ...quickWorker, concurrency: 4 }, { jumpsMs });
  await ready(worker);
  const producer = pool.producer();
  const running = await producer.enqueue(chaosJob, { ms: 1_200 });
  const mortal = await producer.enqueue(chaosJob, { ms: 800 }, { expiresIn: '10m' });
  await eventually('both run', () => told(worker, 'started').length === 2);

  for (const process of [leader, worker])
    expect(Math.abs((await jump(process)) - Date.now() - jumpsMs)).toBeLessThan(5_000);
  const enqueuedAt = Date.now();
  const delayed = await producer.enqueue(chaosJob, {}, { delay: delayMs });
  const later = await producer.enqueueMany(chaosJob, [{}, { fails: 'once' }], { expiresIn: '10m' });
  const jobs = [running, mortal, delayed, ...later];
  await Promise.all(jobs.map((job) => producer.wait(job, { timeout: '10s' })));

  const startedAt = Number(await pool.client.hget(`${pool.keyspace.queueBase('chaos')}${delayed.id}`, 'processedOn'));
  expect(startedAt - enqueuedAt).toBeGreaterThanOrEqual(delayMs);
  const counts = Object.fromEntries(
    jobs.map(({ id }) => [id, told(worker, 'started').filter((each) => each === id).length]),
  );
  expect(Object.values(counts)).toEqual([1, 1, 1, 1, 2]);
  const crashes = await Promise.all(
    jobs.map(({ id }) => pool.client.hget(`${pool.keyspace.queueBase('chaos')}${id}`, 'bwc')),
  );
  expect(crashes).toEqual(jobs.map(() => null));
  expect(await lead()).toMatchObject({ id: leaderId, epoch });
});
