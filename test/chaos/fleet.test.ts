import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { connectionName } from '../../src/recovery/connections.js';
import { smallFleet } from '../../src/recovery/decide-look.js';
import { FleetStore } from '../../src/recovery/fleet-store.js';
import { startPool, type TestPool } from '../integration/worker-pool/test-pool.js';
import { workerBeat } from '../support/worker-beat.js';
import { killAmidJobs } from './kill-amid-jobs.js';
import { spawnWorker } from './pool-process.js';

const crowdSize = smallFleet + 50;
/** At the pace of every day: silence would take longer to tell. */
const deadAfterMs = 5_000;

/** So many workers that do nothing but hold a connection and beat. */
async function startCrowd(pool: TestPool): Promise<void> {
  const connections = await Promise.all(
    Array.from({ length: crowdSize }, async (_, index) => {
      const id = `crowd-${index}`;
      const client = new Redis(pool.url, { connectionName: connectionName(id) });
      client.on('error', () => undefined);
      onTestFinished(() => client.disconnect());
      return { id, store: new FleetStore(client, pool.keyspace), connection: await client.client('ID') };
    }),
  );
  const beatAll = () =>
    Promise.all(connections.map(({ id, store, connection }) => store.beat(workerBeat(id, { connection }), true)));
  await beatAll();
  const beating = setInterval(() => void beatAll().catch(() => undefined), 1_000);
  onTestFinished(() => clearInterval(beating));
}

/** Broken: one worker of a large fleet, killed. Holds: it is noticed by its connections, as in a small one; nobody else is touched. */
it('finds the one worker of a large fleet that was killed before its silence could tell', { timeout: 30_000 }, async ({
  annotate,
}) => {
  const pool = await startPool();
  await startCrowd(pool);
  await pool.supervisor();
  const [victim, other] = [spawnWorker(pool.url, { concurrency: 3 }), spawnWorker(pool.url, { concurrency: 6 })];

  const { lost, kept, done, recoveryMs } = await killAmidJobs(pool, victim, other, {
    ms: 3_000,
    withinMs: deadAfterMs - 500,
  });

  expect(done.toSorted()).toEqual([...kept, ...lost].toSorted());
  await annotate(`among ${crowdSize + 2} workers the jobs of a killed one ran again after ${recoveryMs} ms`);
});
