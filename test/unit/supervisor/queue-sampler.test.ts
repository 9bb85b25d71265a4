import { describe, expect, it } from 'vitest';
import { QueueFlows } from '../../../src/flow/queue-flows.js';
import type { QueuePolicy } from '../../../src/job/queue-policy.js';
import { QueueSampler } from '../../../src/supervisor/queue-sampler.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { EpochMs } from '../../../src/time/duration.js';
import type { QueueInspector } from '../../../src/transport/queue-inspector.js';
import type { QueueSample } from '../../../src/transport/view-scripts.js';
import { queueSample } from '../../support/flow-sample.js';

const policy: QueuePolicy = { criticality: 'critical', sloMs: 30_000, group: 'default' };
const now = 1_700_000_000_000 as EpochMs;

/** Samples the given queues once; `exported` are the metrics of queues that a scraper then reads. */
async function sampled(
  queues: Readonly<Record<string, QueueSample>>,
  then?: (sampler: QueueSampler) => void,
  flows = new QueueFlows(),
) {
  const metrics = createMetrics({ role: 'supervisor', version: '1.2.3' });
  const sampler = new QueueSampler({
    inspector: { sample: async (queue: string) => queues[queue] } as unknown as QueueInspector,
    queues: async () => new Map(Object.keys(queues).map((queue) => [queue, policy])),
    flows,
    metrics,
    clock: { now: () => now, elapsed: () => 0 },
  });
  await sampler.sample();
  then?.(sampler);
  const page = await metrics.render();
  const exported = page.split('\n').filter((line) => /^bulwark_queue_/.test(line) && !/queue_jobs.* 0$/.test(line));
  return exported.map((line) => line.replace(',role="supervisor"', ''));
}

describe('QueueSampler', () => {
  it('tells of every queue how many jobs it has by state, how long the oldest waits, how late the first delayed one is, what it promises, and whether it is paused', async () => {
    const exported = await sampled({
      email: queueSample({
        waiting: 3,
        dead_lettered: 2,
        'waiting-children': 1,
        overdueMs: 250,
        oldestReadyAt: now - 1_500,
      }),
      reports: queueSample({ paused: true }),
    });

    expect(exported.sort()).toEqual([
      'bulwark_queue_group{queue="email",group="default"} 1',
      'bulwark_queue_group{queue="reports",group="default"} 1',
      'bulwark_queue_jobs{queue="email",state="dead_lettered"} 2',
      'bulwark_queue_jobs{queue="email",state="waiting"} 3',
      'bulwark_queue_jobs{queue="email",state="waiting-children"} 1',
      'bulwark_queue_oldest_job_age_seconds{queue="email"} 1.5',
      'bulwark_queue_oldest_job_age_seconds{queue="reports"} 0',
      'bulwark_queue_paused{queue="email"} 0',
      'bulwark_queue_paused{queue="reports"} 1',
      'bulwark_queue_schedule_lag_seconds{queue="email"} 0.25',
      'bulwark_queue_schedule_lag_seconds{queue="reports"} 0',
      'bulwark_queue_slo_seconds{queue="email",criticality="critical"} 30',
      'bulwark_queue_slo_seconds{queue="reports",criticality="critical"} 30',
    ]);
  });

  it('takes a job from a clock that runs ahead for one that was enqueued just now', async () => {
    expect(await sampled({ email: queueSample({ waiting: 1, oldestReadyAt: now + 5_000 }) })).toContain(
      'bulwark_queue_oldest_job_age_seconds{queue="email"} 0',
    );
  });

  it('takes everything back when somebody else leads', async () => {
    const exported = await sampled({ email: queueSample({ waiting: 3 }) }, (sampler) => sampler.clear());

    expect(exported).toEqual([]);
  });

  it('tells how each queue flows, until somebody else leads', async () => {
    const flows = new QueueFlows();

    await sampled({ email: queueSample({ added: 7, active: 2 }) }, undefined, flows);
    const whileLeading = flows.of('email');
    await sampled({ email: queueSample() }, (sampler) => sampler.clear(), flows);

    expect(whileLeading).toMatchObject({ last: { added: 7, active: 2 }, at: 0 });
    expect(flows.of('email')).toBeUndefined();
  });
});
