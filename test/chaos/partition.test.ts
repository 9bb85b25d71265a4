import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type NetworkPath, openNetworkPath } from '../../bench/faults/network-path.js';
import { connectionName } from '../../src/recovery/connections.js';
import { startPool, type TestPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import { chaosJob } from './chaos-job.js';
import { quickSupervisor, quickWorker, ready, spawnWorker, told } from './pool-process.js';

/** A way to Redis of its own, for those who are to be parted from it. */
async function openPath(pool: TestPool): Promise<NetworkPath> {
  const path = await openNetworkPath(pool.server.port);
  onTestFinished(() => path.close());
  return path;
}

const crashesOf = (pool: TestPool, id: string) => pool.client.hget(`${pool.keyspace.queueBase('chaos')}${id}`, 'bwc');

/**
 * Broken: the network between a worker and Redis swallows everything and tells nobody. Holds: what the worker ran is run elsewhere, its
 * own end of it does not count, and it works on once the network is back, whatever became of its connections.
 */
describe.each(['late', 'forgotten'] as const)(
  'a worker that the network parted from Redis (connections: %s)',
  (old) => {
    it('has its jobs run elsewhere, and takes new ones when it is back', { timeout: 30_000 }, async () => {
      const pool = await startPool();
      const path = await openPath(pool);
      await pool.supervisor({ supervisor: quickSupervisor });
      const [parted, other] = [path.url, pool.url].map((url) => spawnWorker(url, { ...quickWorker, concurrency: 1 }));
      if (!parted || !other) throw new Error('two workers');
      const [, idOfOther = ''] = await Promise.all([parted, other].map(ready));
      const producer = pool.producer();
      const jobs = await producer.enqueueMany(chaosJob, [{ ms: 1_500 }, { ms: 1_500 }]);
      await eventually('both run', () => told(parted, 'started').length + told(other, 'started').length === 2);
      const [caught = ''] = told(parted, 'started');

      path.part();
      await eventually('it runs elsewhere', () => told(other, 'started').includes(caught));
      await Promise.all(jobs.map((job) => producer.wait(job)));
      // By now the parted worker has given its connection up.
      await sleep(2_500);
      path.heal(old);
      other.kill('SIGKILL');
      // Until then an idle worker that is gone may be given a job.
      await eventually('Redis has noticed', async () => {
        return !String(await pool.client.call('CLIENT', 'LIST')).includes(connectionName(idOfOther));
      });
      const next = await producer.enqueue(chaosJob, {});
      await producer.wait(next, { timeout: '10s' });

      // At these paces a busy machine may be late enough to be taken for dead once more: only then, and as often, it runs again.
      const runs = 1 + Number((await crashesOf(pool, next.id)) ?? 0);
      expect(told(parted, 'started')).toEqual([caught, ...Array.from({ length: runs }, () => next.id)]);
      expect(told(other, 'started').toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
      expect(await crashesOf(pool, caught)).toBe('1');
    });
  },
);

/** Broken: the same for all workers at once. Holds: nobody is taken for dead, and no job runs twice. */
it('takes no worker for dead when the network parted all of them from Redis', { timeout: 30_000 }, async () => {
  const pool = await startPool();
  const path = await openPath(pool);
  // Nobody is dead before three times this silence when all fall silent together.
  await pool.supervisor({ supervisor: { ...quickSupervisor, deadAfterMs: 2_000 } });
  const paces = { ...quickWorker, leaseMs: 15_000, leaseRenewMs: 300, concurrency: 2 };
  const workers = Array.from({ length: 4 }, () => spawnWorker(path.url, paces));
  await Promise.all(workers.map(ready));
  const producer = pool.producer();
  const jobs = await producer.enqueueMany(
    chaosJob,
    Array.from({ length: 16 }, () => ({ ms: 1_000 })),
  );
  const started = () => workers.flatMap((worker) => told(worker, 'started'));
  await eventually('eight run', () => started().length === 8);

  path.part();
  await sleep(3_500);
  path.heal('late');
  await Promise.all(jobs.map((job) => producer.wait(job, { timeout: '10s' })));

  expect(started().toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
  expect(await Promise.all(jobs.map(({ id }) => crashesOf(pool, id)))).toEqual(jobs.map(() => null));
});
