import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, type JobOptions, type Producer, RedisUnavailableError } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { signal } from '../worker-pool/signal.js';
import { recordLog, startPool, type TestPool } from '../worker-pool/test-pool.js';

const payload = z.looseObject({});
/** What the pool promises: so long after Redis is back everything goes on by itself. */
const resumeMs = 2_000;

function jobIn<R>(pool: TestPool, run: JobOptions<typeof payload, R>['run']) {
  return defineJob({ kind: 'do', queue: pool.queue(), payload, retry: { attempts: 3, base: 1, cap: 1 }, run });
}

/** Counts the runs of each job. */
function tally() {
  const runs = new Map<string, number>();
  return {
    count: (id: string) => runs.set(id, (runs.get(id) ?? 0) + 1),
    get jobs() {
      return runs.size;
    },
    get twice() {
      return [...runs].filter(([, times]) => times > 1).map(([id]) => id);
    },
  };
}

const stateOf = (producer: Producer, job: Parameters<Producer['wait']>[0]) => producer.wait(job, { timeout: '8s' });

describe('when Redis is restarted', () => {
  it.each<[string, (pool: TestPool) => Promise<void>]>([
    ['in good order', (pool) => pool.server.restart()],
    [
      'after a crash',
      async (pool) => {
        // What was acknowledged and not yet on disk is lost with a crash of Redis; this test is about the pool.
        await pool.client.config('SET', 'appendfsync', 'always');
        await pool.server.kill();
        await pool.server.restart();
      },
    ],
  ])('%s, running jobs end once and waiting ones go on at once', async (_how, restart) => {
    const pool = await startPool({ appendOnly: true });
    const goOn = signal();
    const runs = tally();
    const job = jobIn(pool, async ({ held }, ctx) => {
      runs.count(ctx.jobId);
      if (held) await goOn.promise;
      return 'done';
    });
    const producer = pool.producer();
    const held = await producer.enqueueMany(
      job,
      Array.from({ length: 5 }, () => ({ held: true })),
    );
    const waiting = await producer.enqueueMany(
      job,
      Array.from({ length: 20 }, () => ({})),
    );
    const worker = await pool.worker([job], { worker: { concurrency: 5 } });
    await eventually('five run', () => worker.busy === 5);

    await restart(pool);
    goOn.send();
    const backSince = performance.now();
    await Promise.all([...held, ...waiting].map((each) => stateOf(producer, each)));

    expect(performance.now() - backSince).toBeLessThan(resumeMs);
    expect(runs.jobs).toBe(25);
    expect(runs.twice).toEqual([]);
  });

  it('with short leases that ran out meanwhile, running jobs are not run twice, supervisor or not', async () => {
    const pool = await startPool({ appendOnly: true });
    const goOn = signal();
    const runs = tally();
    const job = jobIn(pool, async (_payload, ctx) => {
      runs.count(ctx.jobId);
      await goOn.promise;
      return 'done';
    });
    const producer = pool.producer();
    const jobs = await producer.enqueueMany(job, [{}, {}, {}]);
    const worker = await pool.worker([job], { worker: { leaseMs: 300, leaseRenewMs: 100, beatMs: 100 } });
    await pool.supervisor({ supervisor: { deadAfterMs: 1_000, sweepMs: 50, sampleMs: 50 } });
    await eventually('all run', () => worker.busy === 3);

    await pool.server.kill();
    await new Promise((resolve) => setTimeout(resolve, 400));
    await pool.server.restart();
    const keys = jobs.map(({ id }) => `${pool.keyspace.queue(job.queue.name, id)}:lock`);
    await eventually('the leases are held again', async () => (await pool.client.exists(...keys)) === 3);
    goOn.send();
    await Promise.all(jobs.map((each) => stateOf(producer, each)));

    expect(runs.twice).toEqual([]);
  });

  it('jobs that ended meanwhile are not forgotten', async () => {
    const pool = await startPool({ appendOnly: true });
    const goOn = signal();
    const runs = tally();
    const job = jobIn(pool, async ({ dies }, ctx) => {
      runs.count(ctx.jobId);
      await goOn.promise;
      if (dies) throw Object.assign(new Error('no'), { status: 404 });
      return 'done';
    });
    const producer = pool.producer();
    const jobs = await producer.enqueueMany(job, [{}, { dies: true }]);
    const { log, said } = recordLog();
    const worker = await pool.worker([job], { log });
    await eventually('both run', () => worker.busy === 2);

    await pool.server.kill();
    goOn.send();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await pool.server.restart();
    const backSince = performance.now();

    expect(await stateOf(producer, jobs[0] as never)).toBe('done');
    await expect(stateOf(producer, jobs[1] as never)).rejects.toThrow('dead-lettered');
    expect(performance.now() - backSince).toBeLessThan(resumeMs);
    expect(runs.twice).toEqual([]);
    expect(said('job.lease_lost')).toEqual([]);
  });
});

describe('while Redis is away', () => {
  it('a producer is told in time', async () => {
    const pool = await startPool();
    const job = jobIn(pool, () => 'done');
    const producer = pool.producer({ redis: { url: pool.url, commandTimeoutMs: 300 } });
    await producer.enqueue(job, {});
    await pool.server.kill();

    const startedAt = performance.now();
    await expect(producer.enqueue(job, {})).rejects.toThrow(RedisUnavailableError);
    await expect(producer.enqueueMany(job, [{}, {}])).rejects.toThrow(RedisUnavailableError);
    await expect(
      producer.wait({ id: '1', queue: job.queue.name, kind: 'do', key: undefined, duplicate: false, definition: job }),
    ).rejects.toThrow(RedisUnavailableError);

    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it('a producer is told in time when Redis takes the question and says nothing', async () => {
    const pool = await startPool();
    const job = jobIn(pool, () => 'done');
    const producer = pool.producer({ redis: { url: pool.url, commandTimeoutMs: 300 } });
    await producer.enqueue(job, {});
    process.kill(pool.server.pid, 'SIGSTOP');

    const startedAt = performance.now();
    const told = expect(producer.enqueue(job, {})).rejects.toThrow(RedisUnavailableError);
    await told.finally(() => process.kill(pool.server.pid, 'SIGCONT'));

    expect(performance.now() - startedAt).toBeLessThan(800);
  });

  it('nothing starts, and it says so within five seconds', { timeout: 20_000 }, async () => {
    const pool = await startPool();
    const job = jobIn(pool, () => 'done');
    await pool.server.kill();

    const startedAt = performance.now();
    await Promise.all([
      expect(pool.idleWorker([job]).start()).rejects.toThrow(RedisUnavailableError),
      expect(pool.supervisor()).rejects.toThrow(RedisUnavailableError),
      expect(pool.producer().enqueue(job, {})).rejects.toThrow(/no connection to Redis at redis:\/\/127.0.0.1/),
    ]);

    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('a producer that could not connect connects when Redis is there', async () => {
    const pool = await startPool();
    const job = jobIn(pool, () => 'done');
    const producer = pool.producer({ redis: { url: pool.url, connectTimeoutMs: 300 } });
    await pool.server.kill();
    await expect(producer.enqueue(job, {})).rejects.toThrow(RedisUnavailableError);

    await pool.server.restart();

    await expect(producer.enqueue(job, {})).resolves.toMatchObject({ kind: 'do' });
  });
});

describe('a worker takes jobs again', () => {
  it.each<[string, (pool: TestPool) => Promise<unknown>]>([
    ['every connection was cut', (pool) => pool.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')],
    ['Redis paused its clients', (pool) => pool.client.client('PAUSE', '300', 'ALL')],
    ['Redis was busy', (pool) => pool.client.call('DEBUG', 'SLEEP', '0.3')],
    [
      'Redis was frozen',
      async (pool) => {
        process.kill(pool.server.pid, 'SIGSTOP');
        await new Promise((resolve) => setTimeout(resolve, 300));
        process.kill(pool.server.pid, 'SIGCONT');
      },
    ],
    ['Redis forgot its scripts', (pool) => pool.client.script('FLUSH')],
  ])('after %s', async (_what, fault) => {
    const pool = await startPool({ directives: { 'enable-debug-command': 'local' } });
    const runs = tally();
    const job = jobIn(pool, async ({ fails }, ctx) => {
      runs.count(ctx.jobId);
      if (fails && ctx.attempt === 1) throw new Error('again');
      return 'done';
    });
    const producer = pool.producer();
    await pool.worker([job]);
    const supervisor = await pool.supervisor({ supervisor: { sampleMs: 100 } });
    await stateOf(producer, await producer.enqueue(job, {}));
    await eventually('the supervisor leads', () => supervisor.leads);

    // While the worker sleeps, and once more while it works.
    for (const count of [1, 30]) {
      const before =
        count === 1
          ? []
          : await producer.enqueueMany(
              job,
              Array.from({ length: count }, () => ({})),
            );
      await fault(pool);
      const backSince = performance.now();
      const after = await producer.enqueueMany(job, [{}, { fails: true }]);
      await Promise.all([...before, ...after].map((each) => stateOf(producer, each)));
      expect(performance.now() - backSince).toBeLessThan(resumeMs);
    }

    await eventually('the supervisor leads', () => supervisor.leads);
    expect(runs.jobs).toBe(35);
  });
});
