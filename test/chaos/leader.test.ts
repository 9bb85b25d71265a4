import { describe, expect, it } from 'vitest';
import { leaseToken } from '../../src/transport/lease-token.js';
import { LeaseBench } from '../integration/transport/lease-bench.js';
import { startPool, type TestPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import { quickSupervisor, ready, spawnSupervisor } from './pool-process.js';

const orphans = 3_000;

/** A queue with many active jobs whose worker nobody knows: a sweep over them takes a while. */
async function fillWithOrphans(pool: TestPool): Promise<LeaseBench> {
  const bench = new LeaseBench(pool);
  await pool.client.hset(pool.keyspace.queues, bench.queue, '{}');
  for (let taken = 0; taken < orphans; taken++) await bench.take(leaseToken('dead', taken));
  return bench;
}

/** The epochs of all recoveries that were asked of Redis from now on, in their order. */
async function watchEpochs(pool: TestPool): Promise<{ readonly epochs: number[]; end(): void }> {
  const epochs: number[] = [];
  const monitor = await pool.client.monitor();
  monitor.on('monitor', (_time: string, [command, ...words]: string[]) => {
    // release.lua: ten keys, the last of them the fence, and nine arguments, the seventh of them the epoch.
    if (command === 'evalsha' && words[1] === '10' && words.length === 21) epochs.push(Number(words[18]));
  });
  return { epochs, end: () => monitor.disconnect() };
}

/** Broken: the leader, stopped in the middle of a sweep for longer than its lease. Holds: two leaders' writes never mix. */
describe('a leader that is held up in the middle of a sweep', () => {
  it('is followed by another, and writes nothing when it comes round', { timeout: 60_000 }, async ({ annotate }) => {
    const pool = await startPool();
    const bench = await fillWithOrphans(pool);
    const active = () => pool.client.llen(bench.keys.active);
    const watch = await watchEpochs(pool);
    const first = spawnSupervisor(pool.url, quickSupervisor);
    await ready(first);
    await eventually('it is in the middle of its sweep', async () => (await active()) < orphans, {
      intervalMs: 1,
      timeoutMs: 10_000,
    });

    first.kill('SIGSTOP');
    const leftOver = await active();
    const second = spawnSupervisor(pool.url, quickSupervisor);
    const secondId = await ready(second);
    await eventually('the other leads', async () => (await pool.client.hget(pool.keyspace.leader, 'id')) === secondId);
    await eventually(
      'the fence is raised',
      async () => (await pool.client.get(pool.keyspace.fence(bench.queue))) === '2',
    );
    first.kill('SIGCONT');
    await first.waitForLine(({ fields }) => String(fields['msg']).startsWith('leader.stepped_down'));
    await eventually('all are put back', async () => (await active()) === 0, { timeoutMs: 20_000 });
    watch.end();

    const ids = await pool.client.lrange(bench.keys.wait, 0, -1);
    const crashes = await Promise.all(ids.map((id) => bench.field(id, 'bwc')));
    expect(leftOver).toBeGreaterThan(0);
    expect(ids).toHaveLength(orphans);
    expect(new Set(crashes)).toEqual(new Set(['1']));
    expect(watch.epochs).toEqual(watch.epochs.toSorted());
    expect(new Set(watch.epochs)).toEqual(new Set([1, 2]));
    await annotate(`stopped with ${leftOver} of ${orphans} orphans left; the next leader put those back`);
  });
});
