import { describe, expect, it } from 'vitest';
import { startPool } from '../integration/worker-pool/test-pool.js';
import { eventually } from '../support/eventually.js';
import { chaosJob } from './chaos-job.js';
import { killAmidJobs } from './kill-amid-jobs.js';
import { quickSupervisor, quickWorker, ready, spawnSupervisor, spawnWorker, told } from './pool-process.js';

describe('a worker that is killed', () => {
  it('has its jobs done by another within ten seconds, at the pace of every day', { timeout: 20_000 }, async ({
    annotate,
  }) => {
    const pool = await startPool();
    await pool.supervisor();
    const [victim, other] = [spawnWorker(pool.url, { concurrency: 3 }), spawnWorker(pool.url, { concurrency: 3 })];

    const { lost, kept, done, recoveryMs } = await killAmidJobs(pool, victim, other, { ms: 2_000, withinMs: 10_000 });

    expect(done.toSorted()).toEqual([...kept, ...lost].toSorted());
    await annotate(`the jobs of a killed worker ran again after ${recoveryMs} ms`);
  });

  it('leaves alone what others run, also what runs for long', async () => {
    const pool = await startPool();
    await pool.supervisor({ supervisor: quickSupervisor });
    const [victim, other] = [0, 1].map(() => spawnWorker(pool.url, { ...quickWorker, concurrency: 1 }));
    if (!victim || !other) throw new Error('two workers');
    await Promise.all([victim, other].map(ready));
    const producer = pool.producer();
    const jobs = await producer.enqueueMany(chaosJob, [{ ms: 1_500 }, { ms: 1_500 }]);
    await eventually('both run', () => told(victim, 'started').length + told(other, 'started').length === 2);

    victim.kill('SIGKILL');
    await Promise.all(jobs.map((job) => producer.wait(job)));

    expect(told(other, 'started').toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
  });
});

describe('a leader that is killed', () => {
  it('is followed by a standby within three seconds, at the pace of every day', { timeout: 20_000 }, async ({
    annotate,
  }) => {
    const pool = await startPool();
    const leader = spawnSupervisor(pool.url);
    const id = await ready(leader);
    const lead = async () => pool.client.hgetall(pool.keyspace.leader);
    await eventually('it leads', async () => (await lead())['id'] === id);
    const { epoch } = await lead();
    const standby = await pool.supervisor();

    leader.kill('SIGKILL');
    const killedAt = performance.now();
    await eventually('the standby leads', () => standby.leads);
    const takeoverMs = Math.round(performance.now() - killedAt);

    expect(takeoverMs).toBeLessThan(3_000);
    expect(Number((await lead())['epoch'])).toBe(Number(epoch) + 1);
    await annotate(`a standby led ${takeoverMs} ms after the leader was killed`);
  });
});

describe('a job that kills its worker, where no worker can run it in a process of its own', () => {
  it('comes back by itself and is dead-lettered as poison after twice as many deaths as poison takes, and the others are done', {
    timeout: 30_000,
  }, async () => {
    const pool = await startPool();
    // Deaths are known from connections: a process that waits for its turn on a busy machine is not to be taken for one.
    await pool.supervisor({ supervisor: { ...quickSupervisor, deadAfterMs: 10_000, poisonAfter: 3 } });
    const producer = pool.producer();
    const poison = await producer.enqueue(chaosJob, { fails: 'crash' });
    const others = await producer.enqueueMany(
      chaosJob,
      Array.from({ length: 10 }, () => ({ ms: 10 })),
    );
    let deaths = 0;
    const keep = (): void => {
      const worker = spawnWorker(pool.url, { ...quickWorker, concurrency: 1 });
      void worker.exited.then(({ signal }) => {
        if (signal !== 'SIGKILL' || told(worker, 'started').at(-1) !== poison.id) return;
        deaths += 1;
        keep();
      });
    };
    keep();

    const letter = await eventually('it is dead-lettered', () => pool.deadLetters(chaosJob.queue).get(poison.id), {
      timeoutMs: 20_000,
    });
    await Promise.all(others.map((job) => producer.wait(job)));

    expect(letter).toMatchObject({
      reason: 'poison',
      crashes: 6,
      crashHistory: Array.from({ length: 6 }, () => ({ how: 'exited' })),
      attempts: [],
    });
    expect(deaths).toBe(6);
  });
});

describe('a worker that was stopped', () => {
  it.each([
    ['with Redis there', false],
    ['with Redis gone', true],
  ])('ends by itself, %s: nothing keeps its process alive', { timeout: 20_000 }, async (_how, gone) => {
    const pool = await startPool();
    const worker = spawnWorker(pool.url, { ...quickWorker, drainTimeoutMs: 200 });
    await ready(worker);
    await pool.producer().enqueue(chaosJob, { ms: 1_000 });
    await eventually('it runs', () => told(worker, 'started').length === 1);
    if (gone) await pool.server.kill();

    const stoppedAt = performance.now();
    worker.kill('SIGTERM');

    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - stoppedAt).toBeLessThan(7_000);
    const report = worker.lines.find(({ fields }) => fields['event'] === 'stopped');
    expect(report?.fields['released']).toBe(gone ? 0 : 1);
  });
});
