import { expect, it } from 'vitest';
import { z } from 'zod';
import { BreakerStore } from '../../../src/breaker/breaker-store.js';
import { defineDependency, defineJob } from '../../../src/index.js';
import type { ScaleRecord } from '../../../src/scaling/scale-record.js';
import { ScaleStore } from '../../../src/scaling/scale-store.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { signal } from '../worker-pool/signal.js';
import { startPool } from '../worker-pool/test-pool.js';

const prompt = { leaseMs: 600, renewMs: 100, sampleMs: 100, scaleDownAfterMs: 1_000 } as const;

it('every supervisor says how many workers the jobs that wait need, the leader as a metric, too', async () => {
  const pool = await startPool();
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  const goOn = signal();
  const queue = pool.queue({ slo: '1s', group: 'mail' });
  const job = defineJob({ kind: 'do', queue, payload: z.object({}), run: () => goOn.promise });
  const leader = await pool.supervisor({ metrics, supervisor: prompt });
  await eventually('it leads', () => leader.leads);
  const standby = await pool.supervisor({ supervisor: prompt });
  await pool.worker([job], { worker: { concurrency: 2, beatMs: 100 } });
  const ask = async (): Promise<{ status: number; body: ScaleRecord }> => {
    const { status, body } = (await standby.routes['/autoscale/v1/']?.('mail')) ?? { status: 0, body: '{}' };
    return { status, body: JSON.parse(body) as ScaleRecord };
  };

  await pool.producer().enqueueMany(job, new Array(40).fill({}));
  const busy = await eventually('more are wanted', async () => {
    const { status, body } = await ask();
    return status === 200 && body.desired > 1 && body.current === 1 ? body : undefined;
  });
  const metric = await eventually(
    'the leader exports it',
    async () => (await metricValue(metrics, 'bulwark_desired_workers', { group: 'mail' })) || undefined,
  );
  goOn.send();
  const idle = await eventually(
    'none are',
    async () => {
      const { body } = await ask();
      return body.needed === 0 ? body : undefined;
    },
    { timeoutMs: 10_000 },
  );

  expect(busy.queues).toMatchObject([{ queue: queue.name, slotsPerWorker: 2 }]);
  expect(metric).toBeGreaterThan(1);
  expect(idle.queues).toMatchObject([{ backlog: 0, why: 'idle' }]);
});

it('adds none while a dependency of the group fails, and does again when it has closed', async () => {
  const pool = await startPool();
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  const goOn = signal();
  const queue = pool.queue({ slo: '1s', group: 'mail' });
  const kind = { queue, payload: z.object({}), run: () => goOn.promise };
  const smtp = defineDependency({ name: 'smtp' });
  const sending = defineJob({ ...kind, kind: 'send', dependencies: [smtp] });
  const other = defineJob({ ...kind, kind: 'other' });
  const breakers = new BreakerStore(pool.client, pool.keyspace);
  const store = new ScaleStore(pool.client, pool.keyspace);
  const leader = await pool.supervisor({ metrics, supervisor: prompt });
  await eventually('it leads', () => leader.leads);
  const verdict = { reason: 'failure_rate', openForMs: 60_000, callsPerSecond: 20, callers: 1 } as const;
  await breakers.trip('smtp', { generation: 0, ...verdict }, 1);
  await eventually(
    'the leader knows',
    async () => (await metricValue(metrics, 'bulwark_breaker_state', { breaker: 'smtp', state: 'open' })) === 1,
  );
  await pool.worker([sending, other], { worker: { concurrency: 2, beatMs: 100 } });

  await pool.producer().enqueueMany(other, new Array(40).fill({}));
  const held = await eventually('more would be wanted', async () => {
    const record = await store.record('mail');
    return (record?.queues[0]?.replicas ?? 0) > 1 ? record : undefined;
  });
  await breakers.isolate('smtp', { by: 'somebody', why: 'a test' });
  await breakers.release('smtp', { by: 'somebody', why: 'it is well' });
  const released = await eventually('more are wanted', async () => {
    const record = await store.record('mail');
    return (record?.desired ?? 0) > 1 ? record : undefined;
  });
  goOn.send();

  expect(held).toMatchObject({ desired: 1, needed: 1, why: 'breaker_open', current: 1 });
  expect(released.why).not.toBe('breaker_open');
});

it('knows groups that nobody has decided about from those that are not there', async () => {
  const pool = await startPool();
  const queue = pool.queue({ group: 'mail' });
  const job = defineJob({ kind: 'do', queue, payload: z.object({}), run: () => undefined });
  await pool.worker([job]);
  await pool.client.hset(pool.keyspace.leader, { id: 'silent', epoch: 7 });
  await pool.client.pexpire(pool.keyspace.leader, 60_000);
  const standby = await pool.supervisor({ supervisor: prompt });
  const ask = async (group: string) => standby.routes['/autoscale/v1/']?.(group);

  const [known, unknown] = [await ask('mail'), await ask('male')];

  expect(known).toMatchObject({ status: 503 });
  expect(known?.body).toContain('nobody has decided about the group mail lately');
  expect(unknown).toMatchObject({ status: 404 });
  expect(JSON.parse(unknown?.body ?? '')).toEqual({
    error: 'no queue belongs to a group "male"; there is mail',
    groups: ['mail'],
  });
});
