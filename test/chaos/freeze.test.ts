import { expect, it } from 'vitest';
import { startPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import { chaosJob } from './chaos-job.js';
import { quickSupervisor, quickWorker, ready, spawnWorker, told } from './pool-process.js';

/**
 * Broken: a worker stands still, with its connections standing, and goes on later as if nothing had been. Holds: its jobs are run
 * elsewhere meanwhile, and the ends that it writes late are refused.
 */
it('refuses the late ends of a worker that was frozen, whose jobs ran elsewhere', { timeout: 30_000 }, async () => {
  const pool = await startPool();
  await pool.supervisor({ supervisor: quickSupervisor });
  const frozen = spawnWorker(pool.url, { ...quickWorker, concurrency: 3 });
  await ready(frozen);
  const producer = pool.producer();
  const jobs = await producer.enqueueMany(
    chaosJob,
    Array.from({ length: 3 }, () => ({ ms: 300 })),
  );
  const ids = jobs.map(({ id }) => id).toSorted();
  await eventually('they run', () => told(frozen, 'started').length === 3);
  frozen.kill('SIGSTOP');

  const other = spawnWorker(pool.url, { ...quickWorker, concurrency: 3 });
  await Promise.all(jobs.map((job) => producer.wait(job)));
  const written = await pool.dump();
  frozen.kill('SIGCONT');
  await eventually('it wrote their ends', () => told(frozen, 'ended').length === 3);
  await eventually('it was refused', () => lostBy(frozen).length === 3);

  expect(told(other, 'started').toSorted()).toEqual(ids);
  expect(lostBy(frozen).toSorted()).toEqual(ids);
  const base = pool.keyspace.queueBase('chaos');
  const after = await pool.dump();
  for (const id of ids) expect(after[`${base}${id}`]).toBe(written[`${base}${id}`]);
  expect(await pool.inspector.sample('chaos')).toMatchObject({ completed: 3, active: 0, waiting: 0 });
});

/** The jobs of which a worker logged that it had lost them. */
function lostBy(worker: ReturnType<typeof spawnWorker>): string[] {
  return worker.lines
    .filter(({ fields }) => fields['msg'] === 'job.lease_lost')
    .map(({ fields }) => String(fields['jobId']));
}
