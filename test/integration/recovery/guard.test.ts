import { expect, it, onTestFinished } from 'vitest';
import { resolveRedisInput } from '../../../src/config/redis-input.js';
import { Cancellation } from '../../../src/job/cancellation.js';
import { connectionName } from '../../../src/recovery/connections.js';
import { Guard, type GuardOptions } from '../../../src/recovery/guard.js';
import { BegunLeases } from '../../../src/transport/begun-leases.js';
import { leaseToken } from '../../../src/transport/lease-token.js';
import { RunningJobs } from '../../../src/transport/running-jobs.js';
import { eventually } from '../../support/eventually.js';
import { LeaseBench } from '../transport/lease-bench.js';
import { silent, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const worker = 'w1';

/** A worker that has taken jobs and begun the first of them, and its guard. */
async function startGuarded(jobs: number, options: Partial<GuardOptions> = {}) {
  const bench = new LeaseBench(pool());
  const ids: string[] = [];
  const begun = new BegunLeases(jobs);
  const runs = new RunningJobs();
  for (let number = 0; number < jobs; number++) ids.push(await bench.add());
  const taken = await bench.calls.take(ids.map((_id, number) => leaseToken(worker, number)));
  const [first] = taken.jobs;
  if (first) begun.begin(runs.add(first, new Cancellation()), jobs);
  const guard = new Guard({
    worker,
    redis: resolveRedisInput(pool().url),
    keyspace: pool().keyspace,
    queues: [{ name: bench.queue, begun: begun.shared }],
    leaseMs: 60_000,
    leaseRenewMs: 50,
    beatMs: 50,
    blockedMaxMs: 60_000,
    killsProcess: false,
    givesBack: true,
    log: silent,
    ...options,
  });
  onTestFinished(() => guard.stop());
  guard.start();
  return { bench, ids, taken: taken.jobs, begun, runs, guard };
}

/** Blocks this thread's event loop for long enough for the guard to give jobs back, once it is up. */
function block(): void {
  for (const until = performance.now() + 1_500; performance.now() < until; );
}

it('gives back the jobs of a blocked worker that have not begun, and they cannot begin there any more', {
  timeout: 15_000,
}, async () => {
  const { bench, ids, taken, begun, runs } = await startGuarded(3);

  const { active, wait } = bench.keys;
  const back = async () => {
    block();
    return (await pool().client.llen(wait)) === 2;
  };
  await eventually('two are back', back, { timeoutMs: 12_000 });
  expect(await pool().client.lrange(active, 0, -1)).toEqual(ids.slice(0, 1));
  // In their order.
  expect(await pool().client.lrange(wait, 0, -1)).toEqual([ids[2], ids[1]]);
  const trail = await pool().client.hget(`${bench.keys['']}${ids[1]}`, 'bwt');
  expect(trail).toMatch(/"reason":"blocked"/);
  expect(trail).toMatch(/"by":"w1"/);
  const late = taken.slice(1).map((job) => begun.begin(runs.add(job, new Cancellation()), 3));
  expect(late).toEqual([false, false]);
  const again = await bench.calls.take([leaseToken(worker, 3)]);
  expect(again.jobs.map((job) => begun.begin(runs.add(job, new Cancellation()), 4))).toEqual([true]);
});

it('leaves everything as it is while the event loop turns', async () => {
  // A loop that is late now and then on a busy machine is not blocked.
  const { bench, ids } = await startGuarded(2, { beatMs: 1_000 });
  const lock = `${bench.keys['']}${ids[0]}:lock`;
  await eventually('the guard is up', async () =>
    String(await pool().client.call('CLIENT', 'LIST')).includes(`${connectionName(worker)}:guard`),
  );
  await pool().client.pexpire(lock, 30_000);

  // Time for four looks of the guard.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setTimeout(resolve, 10));

  expect(await pool().client.lrange(bench.keys.active, 0, -1)).toEqual([...ids].reverse());
  expect(await pool().client.pttl(lock)).toBeLessThanOrEqual(30_000);
});

it('gives nothing back of a worker that is there for a suspect', { timeout: 15_000 }, async () => {
  const { bench, ids } = await startGuarded(2, { givesBack: false });
  const lock = `${bench.keys['']}${ids[1]}:lock`;
  await pool().client.pexpire(lock, 30_000);

  const kept = async () => {
    block();
    return (await pool().client.pttl(lock)) > 30_000;
  };
  await eventually('its leases are kept', kept, { timeoutMs: 12_000 });

  expect(await pool().client.lrange(bench.keys.active, 0, -1)).toEqual([...ids].reverse());
});

it('keeps the leases although Redis refuses to take a job back', { timeout: 15_000 }, async () => {
  const { bench, ids } = await startGuarded(2);
  const lock = `${bench.keys['']}${ids[0]}:lock`;
  await pool().client.set(bench.keys.prioritized, 'somebody else wrote this');

  const renewed = async () => {
    await pool().client.pexpire(lock, 30_000);
    block();
    return (await pool().client.pttl(lock)) > 30_000;
  };
  await eventually('the lease is kept', renewed, { timeoutMs: 12_000 });
  await eventually('and again', renewed, { timeoutMs: 12_000 });

  expect(await pool().client.lrange(bench.keys.active, 0, -1)).toEqual([...ids].reverse());
});
