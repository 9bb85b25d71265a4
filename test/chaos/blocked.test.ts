import { describe, expect, it } from 'vitest';
import { FleetStore } from '../../src/recovery/fleet-store.js';
import { startPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import { chaosJob } from './chaos-job.js';
import { quickSupervisor, quickWorker, ready, spawnWorker, told } from './pool-process.js';

/** Six times as long as a lease, twelve times as long as the silence of a dead worker. */
const blocksMs = 6 * quickWorker.leaseMs;

describe('a worker whose event loop is blocked', () => {
  it('keeps its leases, is shown as blocked with the job that does it, and nothing runs twice', {
    timeout: 30_000,
  }, async () => {
    const pool = await startPool();
    await pool.supervisor({ supervisor: quickSupervisor });
    const blocked = spawnWorker(pool.url, { ...quickWorker, concurrency: 2 });
    const id = await ready(blocked);
    const producer = pool.producer();
    // It must still run when the loop is held up, however late that is.
    const neighbour = await producer.enqueue(chaosJob, { ms: 2_000 });
    await eventually('the neighbour runs', () => told(blocked, 'started').length === 1);
    const culprit = await producer.enqueue(chaosJob, { blocksMs });
    await eventually('the loop is held up', () => told(blocked, 'started').length === 2);

    const store = new FleetStore(pool.client, pool.keyspace);
    // The first beat of the guard may come before it has looked what runs.
    const beat = await eventually('it is shown as blocked, with what runs', async () => {
      const sighting = (await store.read()).find((worker) => worker.id === id);
      const { beat } = sighting ?? {};
      return beat?.state === 'blocked' && beat.running.length === 2 ? beat : undefined;
    });
    const other = spawnWorker(pool.url, { ...quickWorker, concurrency: 2 });
    await ready(other);
    await Promise.all([neighbour, culprit].map((job) => producer.wait(job, { timeout: '20s' })));

    expect(beat.running).toContainEqual(expect.objectContaining({ id: culprit.id, kind: 'chaos', queue: 'chaos' }));
    expect(beat.running).toContainEqual(expect.objectContaining({ id: neighbour.id }));
    expect(told(blocked, 'started')).toEqual([neighbour.id, culprit.id]);
    expect(told(other, 'started')).toEqual([]);
    expect(await pool.client.hget(`${pool.keyspace.queueBase('chaos')}${culprit.id}`, 'bwc')).toBeNull();
    await eventually('it beats for itself again', async () => {
      return (await store.read()).find((worker) => worker.id === id)?.beat?.state === 'running';
    });
  });
});
