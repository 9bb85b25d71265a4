import { register } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { defineQueue } from '../../../src/job/define-queue.js';
import { createMetrics, type Metrics, type MetricsOptions } from '../../../src/telemetry/metrics.js';

function startMetrics(options: Partial<MetricsOptions> = {}): Metrics {
  return createMetrics({ role: 'worker', version: '1.2.3', ...options });
}

/** The exported samples of one metric, one line each, in the order they are exported. */
async function samplesOf(metrics: Metrics, name: string): Promise<string[]> {
  const page = await metrics.render();
  return page.split('\n').filter((line) => new RegExp(`^${name}[{ ]`).test(line));
}

describe('createMetrics', () => {
  it('counts one, or as many as told', async () => {
    const metrics = startMetrics();
    const labels = { queue: 'email', kind: 'send-receipt', outcome: 'completed' } as const;

    metrics.jobAttempts.inc(labels);
    metrics.jobAttempts.inc(labels, 4);

    expect(await samplesOf(metrics, 'bulwark_job_attempts_total')).toEqual([
      'bulwark_job_attempts_total{queue="email",kind="send-receipt",outcome="completed",role="worker"} 5',
    ]);
  });

  it('sets gauges with and without labels', async () => {
    const metrics = startMetrics({ role: 'supervisor' });

    metrics.supervisorEpoch.set(7);
    metrics.workers.set({ state: 'alive' }, 3);

    expect(await samplesOf(metrics, 'bulwark_supervisor_epoch')).toEqual([
      'bulwark_supervisor_epoch{role="supervisor"} 7',
    ]);
    expect(await samplesOf(metrics, 'bulwark_workers')).toEqual(['bulwark_workers{state="alive",role="supervisor"} 3']);
  });

  it('exports nothing of a gauge that was cleared', async () => {
    const metrics = startMetrics({ role: 'supervisor' });
    metrics.queueOldestJobAge.set({ queue: 'email' }, 12);

    metrics.queueOldestJobAge.clear();

    expect(await samplesOf(metrics, 'bulwark_queue_oldest_job_age_seconds')).toEqual([]);
  });

  it('sorts durations into the buckets of the table, and takes a clock that runs behind as zero', async () => {
    const metrics = startMetrics();

    metrics.jobWait.observe({ queue: 'email', criticality: 'critical' }, -3);
    metrics.jobWait.observe({ queue: 'email', criticality: 'critical' }, 700);

    const buckets = await samplesOf(metrics, 'bulwark_job_wait_seconds_bucket');
    expect(buckets.find((line) => line.includes('le="0.005"'))).toMatch(/ 1$/);
    expect(buckets.find((line) => line.includes('le="1800"'))).toMatch(/ 2$/);
    expect(await samplesOf(metrics, 'bulwark_job_wait_seconds_sum')).toEqual([expect.stringMatching(/ 700$/)]);
  });

  it('starts counters whose labels are closed at zero, so that the first increase is seen', async () => {
    const samples = await samplesOf(startMetrics(), 'bulwark_lease_renewals_total');

    expect(samples.map((line) => line.replace(/.*result="(\w+)".* (\d+)$/, '$1 $2'))).toEqual([
      'renewed 0',
      'lost 0',
      'error 0',
    ]);
  });

  it('counts a kind the registry does not know as other', async () => {
    const metrics = startMetrics({ registry: { kinds: ['send-receipt'], queues: [] } });

    metrics.deadLetters.inc({ queue: 'email', kind: 'from-nowhere', reason: 'kind_unknown' });

    expect(await samplesOf(metrics, 'bulwark_dead_letters_total')).toEqual([expect.stringContaining('kind="other"')]);
  });

  it('leaves a closed label that happens to be called kind alone', async () => {
    const metrics = startMetrics({ registry: { kinds: [], queues: [] } });

    metrics.redisErrors.inc({ kind: 'timeout' });

    expect(await samplesOf(metrics, 'bulwark_redis_errors_total')).toContain(
      'bulwark_redis_errors_total{kind="timeout",role="worker"} 1',
    );
  });

  it('exports what each known queue promises', async () => {
    const metrics = startMetrics({ registry: { kinds: [], queues: [defineQueue({ name: 'email', slo: '30s' })] } });

    expect(await samplesOf(metrics, 'bulwark_queue_slo_seconds')).toEqual([
      'bulwark_queue_slo_seconds{queue="email",criticality="sheddable_plus",role="worker"} 30',
    ]);
  });

  it('begins what service levels are reckoned from at zero, so that the first late job is seen', async () => {
    const queue = defineQueue({ name: 'email', criticality: 'critical' });
    const metrics = startMetrics({ registry: { kinds: [], queues: [queue] } });

    expect(await samplesOf(metrics, 'bulwark_jobs_waited_total')).toEqual([
      'bulwark_jobs_waited_total{queue="email",criticality="critical",result="in_time",role="worker"} 0',
      'bulwark_jobs_waited_total{queue="email",criticality="critical",result="late",role="worker"} 0',
    ]);
  });

  it('exports only what its role speaks for', async () => {
    const worker = startMetrics({ role: 'worker' });

    worker.supervisorLeader.set(1);

    expect(await worker.render()).not.toContain('bulwark_supervisor_leader');
  });

  it('says what runs', async () => {
    const metrics = startMetrics({ bullmqVersion: '6.7.0' });

    expect(await samplesOf(metrics, 'bulwark_build_info')).toEqual([
      `bulwark_build_info{version="1.2.3",node="${process.versions.node}",bullmq="6.7.0",role="worker"} 1`,
    ]);
  });

  it('exports the metrics of the process beside its own', async () => {
    const page = await startMetrics().render();

    expect(page).toMatch(/^process_resident_memory_bytes\{role="worker"\} \d+/m);
    expect(page).toMatch(/^nodejs_eventloop_lag_p99_seconds\{role="worker"\}/m);
  });

  it('stays off the global registry and apart from other instances', async () => {
    const first = startMetrics();
    const second = startMetrics();

    first.redisErrors.inc({ kind: 'timeout' });

    expect(await register.metrics()).not.toContain('bulwark_');
    expect(await samplesOf(second, 'bulwark_redis_errors_total')).toContain(
      'bulwark_redis_errors_total{kind="timeout",role="worker"} 0',
    );
  });

  it('does not compile with labels the table does not declare', () => {
    const metrics = startMetrics();

    // @ts-expect-error 'finished' is not an outcome
    metrics.jobAttempts.inc({ queue: 'email', kind: 'send-receipt', outcome: 'finished' });
    // @ts-expect-error the kind is missing
    expect(() => metrics.deadLetters.inc({ queue: 'email', reason: 'expired' })).not.toThrow();
    // @ts-expect-error jobId is no label
    metrics.enqueueDuration.observe({ queue: 'email', jobId: '7' }, 1);
    // @ts-expect-error an histogram is observed, not counted
    expect(metrics.jobWait.inc).toBeUndefined();
  });
});
