import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/index.js';
import { FleetStore } from '../../../src/recovery/fleet-store.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { recordLog, startPool } from '../worker-pool/test-pool.js';

it('says that it takes another process when fetches get no answer, and goes on when they do', {
  timeout: 40_000,
}, async () => {
  const pool = await startPool();
  const { log, said } = recordLog();
  const metrics = createMetrics({ role: 'worker', version: 'test' });
  const reasons: string[] = [];
  const job = defineJob({ kind: 'do', queue: pool.queue(), payload: z.looseObject({}), run: () => 'done' });
  const queue = job.queue.name;
  const worker = await pool.worker([job], {
    log,
    metrics,
    worker: { fetchBlockMs: 1_000 },
    onRetire: ({ kind, reason }) => reasons.push(`${kind}: ${reason}`),
  });
  const producer = pool.producer();
  await producer.wait(await producer.enqueue(job, {}));
  const beatOf = async () =>
    (await new FleetStore(pool.client, pool.keyspace).read()).find(({ id }) => id === worker.id)?.beat;
  await eventually('its beat tells of its fetches', async () => (await beatOf())?.queues[0]?.lastFetchMs !== undefined);

  // Connections stand and answer, and no script runs on them.
  await pool.client.client('PAUSE', '60000', 'WRITE');
  await eventually('it gave up', () => reasons.length > 0, { timeoutMs: 25_000 });
  await pool.client.client('UNPAUSE');

  expect(await producer.wait(await producer.enqueue(job, {}))).toBe('done');
  expect(said('fetch.stuck').map(({ action }) => action)).toEqual(['rebuild', 'replace']);
  expect(reasons).toEqual([expect.stringMatching(`replace: queue ${queue} gave no answer to a fetch for \\d+ s`)]);
  expect(await metricValue(metrics, 'bulwark_fetch_stuck_total', { queue, action: 'rebuild' })).toBe(1);
  expect(await metricValue(metrics, 'bulwark_fetch_stuck_total', { queue, action: 'replace' })).toBe(1);
});
