import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/audit/audit-entry.js';
import { CrashStore } from '../../../src/recovery/crash-store.js';
import { FleetStore } from '../../../src/recovery/fleet-store.js';
import { FleetView } from '../../../src/recovery/fleet-view.js';
import { OrphanSweeper } from '../../../src/recovery/orphan-sweeper.js';
import { beatTtlMs, type WorkerBeat } from '../../../src/recovery/worker-beat.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { Clock } from '../../../src/time/clock.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { leaseToken } from '../../../src/transport/lease-token.js';
import { workerBeat } from '../../support/worker-beat.js';
import { LeaseBench } from '../transport/lease-bench.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { recordLog, startPool, type TestPool } from '../worker-pool/test-pool.js';

const deadAfterMs = 5_000;

/** A sweeper on a clock that only the test moves, and workers that are what the test says. */
async function startSweeping({ quarantineAfter = 2, poisonAfter = 3 } = {}) {
  const pool = await startPool();
  const fleet = new FleetStore(pool.client, pool.keyspace);
  const crashes = new CrashStore(pool.client, pool.keyspace);
  const bench = new LeaseBench(pool);
  const queues = [bench.queue];
  let elapsed = 1_000_000;
  const clock: Clock = { now: () => Date.now() as EpochMs, elapsed: () => elapsed };
  const { log, said } = recordLog();
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  const written: AuditEntry[] = [];
  const createSweeper = () =>
    new OrphanSweeper({
      fleet,
      view: new FleetView(fleet, clock),
      inspector: pool.inspector,
      admin: pool.admin,
      crashes,
      queues: async () => queues,
      leadership: { term: 1, deposed: () => undefined },
      policy: {
        deadAfterMs,
        maxGapMs: 2_000,
        leaselessGraceMs: deadAfterMs,
        quarantineAfter,
        poisonAfter,
        crashWindowMs: 3_600_000,
        quarantineMs: 60_000,
      },
      limits: { maxErrorBytes: 1_000, maxStackBytes: 1_000 },
      audit: { add: (entry) => written.push(entry) },
      supervisor: 'the-supervisor',
      clock,
      log,
      metrics,
    });
  const sweeper = createSweeper();
  let tokens = 0;
  /** When each listed worker beat last, on the test's clock. */
  const lastBeats = new Map<string, number>();
  const showBeats = async () => {
    for (const [id, at] of lastBeats) {
      await fleet.beat({ id } as WorkerBeat, true);
      await pool.client.pexpire(pool.keyspace.worker(id), beatTtlMs - (elapsed - at));
    }
  };
  return {
    pool,
    bench,
    queues,
    metrics,
    said,
    written,
    createSweeper,
    crashes,
    fleet,
    sweep: () => sweeper.sweep(),
    /** The process of this worker was seen to be gone. */
    dies: (worker: string) => sweeper.recoverFrom([worker]),
    /** Sweeps once a second for so long, while `alive` beat. */
    async sweepFor(ms: number, alive: readonly string[] = []): Promise<void> {
      for (let passed = 0; passed <= ms; passed += 1_000) {
        for (const id of alive) lastBeats.set(id, elapsed);
        await showBeats();
        await sweeper.sweep();
        elapsed += 1_000;
      }
    },
    pass: (ms: number) => {
      elapsed += ms;
    },
    /** Puts a worker on the list whose last beat is so old. */
    listWorker: (id: string, ageMs: number) => {
      lastBeats.set(id, elapsed - ageMs);
    },
    /** A job that this worker runs. */
    take: (worker: string, on = bench) => on.take(leaseToken(worker, tokens++)),
  };
}

const waitingIds = async (pool: TestPool, { keys }: LeaseBench) =>
  (await pool.client.lrange(keys.wait, 0, -1)).reverse();

describe('the jobs of a dead worker', () => {
  it('come back, first in line and in their order, and the crash is counted', async () => {
    const { pool, bench, sweepFor, listWorker, take, metrics, said } = await startSweeping();
    const jobs = [await take('dead'), await take('dead'), await take('dead')];
    const behind = await bench.add();
    listWorker('dead', 6_000);

    await sweepFor(deadAfterMs + 1_000);

    expect(await waitingIds(pool, bench)).toEqual([...jobs.map(({ id }) => id), behind]);
    expect(await pool.inspector.job(bench.queue, jobs[0]?.id ?? '')).toMatchObject({ crashes: 1, attemptsMade: 0 });
    expect(await metricValue(metrics, 'bulwark_orphaned_jobs_total', { decision: 'requeued' })).toBe(3);
    expect(said('job.recovered')[0]).toMatchObject({ worker: 'dead', crashes: 1, decision: 'requeued' });
  });

  it('come back also when nobody knows of that worker', async () => {
    const { pool, bench, sweepFor, take } = await startSweeping();
    const { id } = await take('never-heard-of');

    await sweepFor(deadAfterMs - 1_000);
    expect(await waitingIds(pool, bench)).toEqual([]);
    await sweepFor(3_000);

    expect(await waitingIds(pool, bench)).toEqual([id]);
  });

  it('come back all in one sweep, however many', async () => {
    const { pool, bench, sweepFor, take } = await startSweeping();
    for (let n = 0; n < 1_200; n++) await take('dead');
    const before = await pool.client.lrange(bench.keys.active, 0, -1);

    await sweepFor(deadAfterMs + 1_000);

    expect(await waitingIds(pool, bench)).toEqual(before.reverse());
  });

  it('come back once, when two supervisors sweep at the same moment', async () => {
    const { pool, bench, sweep, pass, createSweeper, take } = await startSweeping();
    const { id } = await take('dead');
    const other = createSweeper();
    for (let second = 0; second < 8; second++) {
      await Promise.all([sweep(), other.sweep()]);
      pass(1_000);
    }

    expect(await waitingIds(pool, bench)).toEqual([id]);
    expect(await bench.field(id, 'bwc')).toBe('1');
  });

  it('are left alone while the worker beats, however long they run', async () => {
    const { bench, pool, sweepFor, take } = await startSweeping();
    await take('alive');

    await sweepFor(20_000, ['alive']);

    expect(await pool.inspector.sample(bench.queue)).toMatchObject({ active: 1, waiting: 0 });
  });

  it('are left alone while the worker is only late', async () => {
    const { bench, pool, sweepFor, take } = await startSweeping();
    await take('late');
    await sweepFor(10_000, ['late']);

    await sweepFor(deadAfterMs - 1_000);

    expect(await pool.inspector.sample(bench.queue)).toMatchObject({ active: 1, waiting: 0 });
  });
});

describe('a job without a lease', () => {
  it('comes back after the grace in which its worker may take the lease again', async () => {
    const { pool, bench, sweepFor, take } = await startSweeping();
    const { id } = await take('alive');
    await pool.client.del(`${bench.jobKey(id)}:lock`);

    await sweepFor(deadAfterMs - 1_000, ['alive']);
    expect(await waitingIds(pool, bench)).toEqual([]);
    await sweepFor(2_000, ['alive']);

    expect(await waitingIds(pool, bench)).toEqual([id]);
  });

  it('has the full grace again when its worker took the lease in between', async () => {
    const { pool, bench, sweepFor, take } = await startSweeping();
    const { id, token } = await take('alive');
    const lock = `${bench.jobKey(id)}:lock`;
    await pool.client.del(lock);
    await sweepFor(deadAfterMs - 2_000, ['alive']);
    await pool.client.set(lock, token);
    await sweepFor(0, ['alive']);
    await pool.client.del(lock);

    await sweepFor(deadAfterMs - 1_000, ['alive']);

    expect(await pool.inspector.sample(bench.queue)).toMatchObject({ active: 1, waiting: 0 });
  });

  it('comes back with all the others, however many', async () => {
    const { pool, bench, sweepFor, take } = await startSweeping();
    for (let n = 0; n < 1_200; n++) {
      const { id } = await take('gone');
      await pool.client.del(`${bench.jobKey(id)}:lock`);
    }

    await sweepFor(deadAfterMs + 1_000);

    expect(await pool.inspector.sample(bench.queue)).toMatchObject({ active: 0, waiting: 1_200 });
  });

  it('is cleared away when there is no job', async () => {
    const { pool, bench, sweepFor } = await startSweeping();
    await pool.client.lpush(bench.keys.active, 'nothing');
    await pool.client.lpush(bench.keys.active, 'odd');
    await pool.client.set(bench.jobKey('odd'), 'a string');

    await sweepFor(deadAfterMs + 1_000);

    expect(await pool.client.llen(bench.keys.active)).toBe(0);
  });

  it('runs again after its fetch broke off half-way', async () => {
    const { pool, bench, sweepFor } = await startSweeping();
    const id = await bench.add();
    await pool.client.hset(bench.jobKey(id), 'ats', 'many');
    // BullMQ's own script, as a plain worker calls it.
    await bench.backend.moveToActive('bw/dead/1').catch(() => undefined);

    await sweepFor(deadAfterMs + 1_000);

    expect(await bench.calls.take(['bw/alive/1'])).toMatchObject({ jobs: [{ id }] });
  });
});

it('leaves the jobs of plain BullMQ workers to BullMQ', async () => {
  const { pool, bench, sweepFor } = await startSweeping();
  await bench.take('1c0e5b2a-plain:7');

  await sweepFor(60_000);

  expect(await pool.inspector.sample(bench.queue)).toMatchObject({ active: 1, waiting: 0 });
});

describe('poison', () => {
  it('is a job that ended too many processes: it is dead-lettered, with its history', async () => {
    const { pool, bench, dies, take, metrics, crashes, fleet } = await startSweeping({ poisonAfter: 2 });
    const { id } = await take('dead-1');
    await dies('dead-1');
    await pool.client.hset(bench.jobKey(id), 'bwh', '[{"attempt":1,"error":{"message":"boom"}}]');
    await bench.calls.take([leaseToken('dead-2', 0)]);
    await fleet.beat(workerBeat('dead-2', { rssBytes: 7, suspect: { queue: bench.queue, jobId: id } }), true);
    await crashes.write('dead-2', { exitCode: null, signal: 'SIGSEGV', endedAt: 1 as EpochMs, lines: ['last words'] });

    await dies('dead-2');

    expect(await pool.deadLetters({ name: bench.queue } as never).get(id)).toMatchObject({
      id,
      reason: 'poison',
      by: 'the-supervisor',
      crashes: 2,
      crashHistory: [
        { how: 'exited', worker: 'dead-1' },
        { how: 'exited', worker: 'dead-2', alone: true, signal: 'SIGSEGV', rssBytes: 7, lines: ['last words'] },
      ],
      payload: { n: 1 },
      attempts: [{ attempt: 1 }],
      error: { code: 'BULWARK_JOB_POISON', message: expect.stringContaining('2 times') },
    });
    expect(await metricValue(metrics, 'bulwark_orphaned_jobs_total', { decision: 'dead_lettered' })).toBe(1);
    expect(await metricValue(metrics, 'bulwark_dead_letters_total', { reason: 'poison' })).toBe(1);
  });

  it('fails through its queue when it is the child of a flow, so that its parent is told', async () => {
    const { pool, bench, dies, take } = await startSweeping({ poisonAfter: 1 });
    const { id } = await take('dead');
    await pool.client.hset(bench.jobKey(id), { parentKey: 'q:1', parent: '{"id":"1","queueKey":"q"}' });

    await dies('dead');

    expect(await waitingIds(pool, bench)).toEqual([id]);
    expect(await bench.field(id, 'defa')).toContain('workers died 1 time');
  });
});

describe('when many fall silent at once', () => {
  it('nobody is called dead, because it is Redis or the network', async () => {
    const { pool, bench, sweepFor, take } = await startSweeping();
    const workers = ['a', 'b', 'c', 'd'];
    for (const worker of workers) await take(worker);
    await sweepFor(10_000, workers);

    await sweepFor(2 * deadAfterMs, ['d']);

    expect(await pool.inspector.sample(bench.queue)).toMatchObject({ active: 4, waiting: 0 });
  });

  it('one that is silent alone is', async () => {
    const { pool, bench, sweepFor, take } = await startSweeping();
    const workers = ['a', 'b', 'c', 'd'];
    for (const worker of workers) await take(worker);
    await sweepFor(10_000, workers);

    await sweepFor(deadAfterMs + 1_000, ['b', 'c', 'd']);

    expect(await pool.inspector.sample(bench.queue)).toMatchObject({ active: 3, waiting: 1 });
  });
});

it('gives everybody the full time again after it was held up itself', async () => {
  const { pool, bench, sweepFor, take, listWorker, pass } = await startSweeping();
  await take('a');
  await sweepFor(10_000, ['a']);
  pass(60_000);
  listWorker('a', 20_000);

  await sweepFor(deadAfterMs - 1_000);

  expect(await pool.inspector.sample(bench.queue)).toMatchObject({ active: 1, waiting: 0 });
});

it('sweeps the other queues when one cannot be read, and says which', async () => {
  const { pool, bench, queues, sweep, pass, take } = await startSweeping();
  const odd = new LeaseBench(pool);
  await pool.client.set(odd.keys.active, 'a string');
  queues.unshift(odd.queue);
  const { id } = await take('dead');

  for (let second = 0; second < 8; second++) {
    await expect(sweep()).rejects.toThrow(`queue ${odd.queue} could not be swept`);
    pass(1_000);
  }

  expect(await waitingIds(pool, bench)).toEqual([id]);
});

it('counts each death once: of a process that is gone, and of workers that fell silent, however many at once', async () => {
  const { sweepFor, dies, metrics } = await startSweeping();
  const workers = ['a', 'b', 'c', 'd', 'e'];
  await sweepFor(10_000, workers);

  await dies('a');
  await dies('a');
  await sweepFor(4 * deadAfterMs, ['e']);

  expect(await metricValue(metrics, 'bulwark_worker_deaths_total', { how: 'exited' })).toBe(1);
  expect(await metricValue(metrics, 'bulwark_worker_deaths_total', { how: 'silent' })).toBe(3);
});

it('counts the workers by what it thinks of them', async () => {
  const { sweepFor, listWorker, metrics } = await startSweeping();
  await sweepFor(10_000, ['a', 'b']);
  listWorker('late', 3_500);

  await sweepFor(0, ['a', 'b']);

  expect(await metricValue(metrics, 'bulwark_workers', { state: 'alive' })).toBe(2);
  expect(await metricValue(metrics, 'bulwark_workers', { state: 'suspect' })).toBe(1);
});
