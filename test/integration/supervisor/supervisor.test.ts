import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob, type Supervisor } from '../../../src/index.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { signal } from '../worker-pool/signal.js';
import { startPool, type TestPool } from '../worker-pool/test-pool.js';

const prompt = { leaseMs: 600, renewMs: 100, sampleMs: 50, sweepMs: 50 } as const;

async function startSupervisor(pool: TestPool, options: object = {}) {
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  const supervisor = await pool.supervisor({ metrics, supervisor: { ...prompt, ...options } });
  return {
    supervisor,
    metrics,
    epoch: () => metricValue(metrics, 'bulwark_supervisor_epoch'),
    saysItLeads: () => metricValue(metrics, 'bulwark_supervisor_leader'),
    jobs: (queue: string, state: string) => metricValue(metrics, 'bulwark_queue_jobs', { queue, state }),
  };
}

const leaders = (all: readonly { supervisor: Supervisor }[]) => all.filter(({ supervisor }) => supervisor.leads);

describe('of three supervisors', () => {
  it('one leads, and the gauges agree', async () => {
    const pool = await startPool();
    const all = await Promise.all([startSupervisor(pool), startSupervisor(pool), startSupervisor(pool)]);

    await eventually('one leads', () => leaders(all).length === 1);

    const said = await Promise.all(all.map((each) => each.saysItLeads()));
    expect(said.reduce((sum, one) => sum + one)).toBe(1);
    expect(said.indexOf(1)).toBe(all.findIndex(({ supervisor }) => supervisor.leads));
  });

  it('another leads at once when the leader stops, and the epoch grows', async () => {
    const pool = await startPool();
    const all = await Promise.all([startSupervisor(pool), startSupervisor(pool), startSupervisor(pool)]);
    const first = await eventually('one leads', () => leaders(all)[0] as (typeof all)[number] | undefined);
    const epoch = await first.epoch();

    await first.supervisor.stop();
    const stoppedAt = performance.now();
    const second = await eventually('another leads', () => leaders(all)[0] as (typeof all)[number] | undefined);

    expect(performance.now() - stoppedAt).toBeLessThan(500);
    expect(second).not.toBe(first);
    expect(await second.epoch()).toBe(epoch + 1);
    expect(await first.saysItLeads()).toBe(0);
  });

  it('another leads within its lease when the leader is silent', async () => {
    const pool = await startPool();
    await pool.client.hset(pool.keyspace.leader, { id: 'a dead one', epoch: 7 });
    await pool.client.set(pool.keyspace.epoch, 7);
    await pool.client.pexpire(pool.keyspace.leader, prompt.leaseMs);
    const silentSince = performance.now();
    const all = await Promise.all([startSupervisor(pool), startSupervisor(pool)]);

    const next = await eventually('another leads', () => leaders(all)[0] as (typeof all)[number] | undefined);

    expect(performance.now() - silentSince).toBeLessThan(prompt.leaseMs + 400);
    expect(await next.epoch()).toBe(8);
  });
});

describe('the leader', () => {
  it('counts every queue in every state, and takes it back when it no longer leads', async () => {
    const pool = await startPool();
    const goOn = signal();
    const job = defineJob({ kind: 'do', queue: pool.queue(), payload: z.looseObject({}), run: () => goOn.promise });
    const producer = pool.producer();
    await producer.enqueueMany(job, [{}, {}, {}]);
    await producer.enqueue(job, {}, { delay: '1h' });
    await producer.enqueue(job, {}, { priority: 5 });
    const worker = await pool.worker([job], { worker: { concurrency: 1 } });
    await eventually('one runs', () => worker.busy === 1);
    const { supervisor, metrics, jobs } = await startSupervisor(pool);
    const queue = job.queue.name;

    await eventually('it has counted', () => jobs(queue, 'active'));

    expect(await jobs(queue, 'waiting')).toBe(2);
    expect(await jobs(queue, 'delayed')).toBe(1);
    expect(await jobs(queue, 'prioritized')).toBe(1);
    expect(await jobs(queue, 'active')).toBe(1);
    expect(await metricValue(metrics, 'bulwark_queue_paused', { queue })).toBe(0);
    expect(await metricValue(metrics, 'bulwark_queue_oldest_job_age_seconds', { queue })).toBeGreaterThan(0);
    await pool.admin.pause(queue);
    await eventually('the pause shows', () => metricValue(metrics, 'bulwark_queue_paused', { queue }));

    await supervisor.stop();

    expect(await metrics.render()).not.toContain(`bulwark_queue_jobs{queue="${queue}"`);
    goOn.send();
  });

  it('tells what it sees of Redis and what each queue promises', async () => {
    const pool = await startPool();
    const queue = pool.queue({ slo: '7s', criticality: 'critical' });
    const job = defineJob({ kind: 'do', queue, payload: z.looseObject({}), run: () => undefined });
    await pool.producer().enqueue(job, {});

    const { metrics } = await startSupervisor(pool);

    await eventually('it has looked', () => metricValue(metrics, 'bulwark_redis_memory_used_bytes'));
    expect(await metricValue(metrics, 'bulwark_redis_connected_clients')).toBeGreaterThan(0);
    expect(await metricValue(metrics, 'bulwark_redis_eviction_policy', { policy: 'noeviction' })).toBe(1);
    const promise = { queue: queue.name, criticality: 'critical' };
    await eventually(
      'it has counted',
      async () => (await metricValue(metrics, 'bulwark_queue_slo_seconds', promise)) === 7,
    );
  });

  it('counts the other queues when one cannot be read', async () => {
    const pool = await startPool();
    const [odd, sound] = ['a', 'b'].map((name) =>
      defineJob({ kind: name, queue: pool.queue(), payload: z.looseObject({}), run: () => undefined }),
    );
    if (!odd || !sound) throw new Error('two kinds');
    await pool.producer().enqueue(odd, {});
    await pool.producer().enqueue(sound, {});
    await pool.client.del(pool.keyspace.queue(odd.queue.name, 'wait'));
    await pool.client.set(pool.keyspace.queue(odd.queue.name, 'wait'), 'a string');

    const { jobs } = await startSupervisor(pool);

    await eventually('the sound one is counted', () => jobs(sound.queue.name, 'waiting'));
  });

  it('steps down while Redis is away, and one leads again soon after its return', async () => {
    const pool = await startPool({ appendOnly: true });
    const all = await Promise.all([startSupervisor(pool), startSupervisor(pool)]);
    const first = await eventually('one leads', () => leaders(all)[0] as (typeof all)[number] | undefined);
    const epoch = await first.epoch();

    await pool.server.kill();
    await eventually('nobody leads', () => leaders(all).length === 0);
    await eventually('nobody says so', async () => (await first.saysItLeads()) === 0);
    await pool.server.restart();
    const backSince = performance.now();
    const next = await eventually('one leads again', () => leaders(all)[0] as (typeof all)[number] | undefined);

    expect(performance.now() - backSince).toBeLessThan(2_000);
    expect(leaders(all)).toHaveLength(1);
    expect(await next.epoch()).toBeGreaterThanOrEqual(epoch);
  });
});

describe('start and stop', () => {
  it('are one start and one stop, however often they are called', async () => {
    const pool = await startPool();
    const { supervisor } = await startSupervisor(pool);
    await Promise.all([supervisor.start(), supervisor.start()]);
    await eventually('it leads', () => supervisor.leads);

    await Promise.all([supervisor.stop(), supervisor.stop()]);
    await supervisor.start();

    expect(supervisor.leads).toBe(false);
    expect(await pool.client.exists(pool.keyspace.leader)).toBe(0);
    await eventually(
      'no connection is left',
      async () => !((await pool.client.client('LIST')) as string).includes('bulwark:'),
    );
  });

  it('ends soon when Redis is gone', async () => {
    const pool = await startPool();
    const { supervisor } = await startSupervisor(pool);
    await eventually('it leads', () => supervisor.leads);
    await pool.server.kill();

    const startedAt = performance.now();
    await supervisor.stop();

    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

it('leaves nothing undone that workers need: they go on without any supervisor', async () => {
  const pool = await startPool();
  let runs = 0;
  const job = defineJob({
    kind: 'do',
    queue: pool.queue(),
    payload: z.looseObject({}),
    retry: { attempts: 2, base: 1, cap: 1 },
    run: (_payload, ctx) => {
      runs += 1;
      if (ctx.attempt === 1) throw new Error('again');
      return 'done';
    },
  });
  const { supervisor } = await startSupervisor(pool);
  await eventually('it leads', () => supervisor.leads);
  await supervisor.stop();
  await pool.worker([job]);
  const producer = pool.producer();

  expect(await producer.wait(await producer.enqueue(job, {}))).toBe('done');
  expect(runs).toBe(2);
});
