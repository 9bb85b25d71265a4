import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BreakerStore } from '../../../src/breaker/breaker-store.js';
import { parkReasonOf } from '../../../src/breaker/park-reason.js';
import { defineJob } from '../../../src/index.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { eventually } from '../../support/eventually.js';
import { LeaseBench } from '../transport/lease-bench.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { recordLog, startPool, type TestPool } from '../worker-pool/test-pool.js';

/** Sets jobs aside in a queue, the oldest enqueued first. */
async function park(pool: TestPool, count: number, queue = pool.queue(), delayMs = 60_000): Promise<LeaseBench> {
  const bench = new LeaseBench(pool, queue.name);
  await pool.client.hset(
    pool.keyspace.queues,
    queue.name,
    JSON.stringify({ criticality: queue.criticality, sloMs: 1_000 }),
  );
  for (let n = 0; n < count; n++) {
    const { id } = await bench.take('mine', { id: `${queue.name}-${n}`, enqueuedAt: (1_000 + n) as EpochMs });
    await bench.calls.end(
      { kind: 'p', id, token: 'mine', words: [delayMs + 100 * (count - n), parkReasonOf('smtp')] },
      undefined,
    );
  }
  return bench;
}

/** A leader, and a breaker that it can be told to have opened. */
async function lead(pool: TestPool) {
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  const { log, said } = recordLog();
  const supervisor = await pool.supervisor({ metrics, log });
  await eventually('it leads', () => supervisor.leads);
  const store = new BreakerStore(pool.client, pool.keyspace);
  const trip = (openForMs: number, callsPerSecond = 20) => {
    const verdict = { generation: 0, reason: 'failure_rate' as const, openForMs, callsPerSecond, callers: 2 };
    return store.trip('smtp', verdict, 1);
  };
  const probe = async (token: string, openForMs = 60_000) => {
    const permit = await store.ask('smtp', token, 5_000, openForMs);
    if (permit.kind !== 'probe') throw new Error(`expected a probe, got ${permit.kind}`);
    return (result: 'succeeded' | 'failed') => store.settle('smtp', token, permit.generation, result, openForMs);
  };
  return {
    supervisor,
    store,
    said,
    trip,
    probe,
    isSeen: (state: string) =>
      eventually(
        `it is seen ${state}`,
        async () => (await metricValue(metrics, 'bulwark_breaker_state', { breaker: 'smtp', state })) === 1,
      ),
    showsParked: () => metricValue(metrics, 'bulwark_breaker_parked_jobs', { breaker: 'smtp' }),
    returned: () => metricValue(metrics, 'bulwark_breaker_returned_jobs_total'),
  };
}

const waiting = async ({ pool, keys }: LeaseBench) => (await pool.client.lrange(keys.wait, 0, -1)).reverse();
const countWaiting = ({ pool, keys }: LeaseBench) => pool.client.llen(keys.wait);

describe('jobs that a breaker has set aside', () => {
  it('stay there while it is open, and are counted', async () => {
    const pool = await startPool();
    const bench = await park(pool, 3);
    const { trip, isSeen, showsParked } = await lead(pool);

    await trip(60_000);
    await isSeen('open');
    await eventually('they are counted', async () => (await showsParked()) === 3);

    expect(await countWaiting(bench)).toBe(0);
  });

  it('come back, paced, when Redis has lost the breaker', async () => {
    const pool = await startPool();
    const bench = await park(pool, 5);
    const { trip, showsParked } = await lead(pool);
    await trip(60_000);
    await eventually('they are counted', async () => (await showsParked()) === 5);

    await pool.client.del(pool.keyspace.breakers);

    await eventually('they come back', async () => (await countWaiting(bench)) === 5);
  });

  it('come back one at a time to probe with, those first that are due next, when its time is over', async () => {
    const pool = await startPool();
    const bench = await park(pool, 20);
    const { trip, probe, isSeen, returned } = await lead(pool);
    await trip(100);

    await eventually('one comes back', async () => (await returned()) >= 1);
    const settle = await probe('first');
    await isSeen('half_open');
    const before = await countWaiting(bench);
    await settle('succeeded');
    await eventually('the next four come back', async () => (await countWaiting(bench)) >= before + 4);

    expect(before).toBeLessThanOrEqual(3);
    // The youngest is due first, and the others by their age in the queue.
    const back = await waiting(bench);
    const youngest = Array.from({ length: back.length }, (_, n) => `${bench.queue}-${19 - n}`);
    expect(back.toSorted()).toEqual(youngest.toSorted());
  });

  it('come back by and by when it has closed, as the ramp allows', async () => {
    const pool = await startPool();
    const bench = await park(pool, 400);
    const { trip, probe, isSeen } = await lead(pool);
    // Twice the usual is 100 a second: of that a tenth in the first five seconds, and a quarter in the next.
    await trip(60_000, 50);
    await pool.client.hset(pool.keyspace.breakers, 'smtp', await halfOpened(pool));
    for (const token of ['a', 'b', 'c', 'd']) await (await probe(token))('succeeded');
    const closedAt = performance.now();
    await isSeen('closed');
    const first = await countWaiting(bench);

    const seconds: number[] = [];
    for (const second of [1, 2, 3, 4]) {
      await eventually(`second ${second} is over`, () => performance.now() - closedAt > second * 1_000);
      seconds.push(await countWaiting(bench));
    }

    expect(first).toBeLessThan(20);
    // The four probes may have brought some back themselves.
    expect((seconds[3] ?? 0) - (seconds[0] ?? 0)).toBeGreaterThan(15);
    expect((seconds[3] ?? 0) - (seconds[0] ?? 0)).toBeLessThan(60);
    expect(await waiting(bench)).toEqual(
      Array.from({ length: await countWaiting(bench) }, (_, n) => `${bench.queue}-${n}`),
    );
  });

  it('come back to the queue first that matters more', async () => {
    const pool = await startPool();
    const low = await park(pool, 30, pool.queue({ criticality: 'sheddable' }));
    const high = await park(pool, 10, pool.queue({ criticality: 'critical_plus' }));
    const { store, trip } = await lead(pool);

    // A tenth of twice the usual is forty a second.
    await trip(60_000, 200);
    await store.release('smtp', { by: 'ada', why: 'moved' });

    await eventually('all of the one are back', async () => (await countWaiting(high)) === 10);
    expect(await countWaiting(low)).toBeLessThan(20);
    await eventually('the others follow', async () => (await countWaiting(low)) === 30);
  });

  it('stay there while it is isolated, and come back when the isolation has run out and a probe succeeded', async () => {
    const pool = await startPool();
    const bench = await park(pool, 3);
    const { store, isSeen, returned, probe } = await lead(pool);

    await store.isolate('smtp', { by: 'ada', why: 'moving', forMs: 500 });
    await isSeen('isolated');
    expect(await countWaiting(bench)).toBe(0);
    await isSeen('open');
    await eventually('one comes back to probe with', async () => (await returned()) >= 1);
    await (await probe('first'))('succeeded');

    await eventually('the others come back', async () => (await countWaiting(bench)) === 3);
  });

  it('come back without any supervisor when they are due, and run', async () => {
    const pool = await startPool();
    const queue = pool.queue();
    await park(pool, 5, queue, 300);
    const ran: string[] = [];
    const job = defineJob({
      kind: 'test',
      queue,
      payload: z.looseObject({}),
      run: async (_payload, ctx) => void ran.push(ctx.jobId),
    });

    await pool.worker([job]);

    await eventually('all have run', () => ran.length === 5);
  });
});

/** The breaker as it is when its time is over and its first probe is to be made: nothing of it comes back before it closes. */
async function halfOpened(pool: TestPool): Promise<string> {
  const open = JSON.parse((await pool.client.hget(pool.keyspace.breakers, 'smtp')) ?? '');
  return JSON.stringify({ ...open, phase: 'half_open' });
}
