import { describe, expect, it } from 'vitest';
import { QueueFlows } from '../../../src/flow/queue-flows.js';
import type { Criticality } from '../../../src/job/criticality.js';
import type { QueuePolicy } from '../../../src/job/queue-policy.js';
import { Autoscaler } from '../../../src/scaling/autoscaler.js';
import type { ScaleRecord } from '../../../src/scaling/scale-record.js';
import type { ShedDirective } from '../../../src/shedding/directive.js';
import { ShedControl } from '../../../src/shedding/shed-control.js';
import { QueueSampler } from '../../../src/supervisor/queue-sampler.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { LeaseBench } from '../transport/lease-bench.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { silent, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const dayMs = 86_400_000;
const seconds = 60;

const policyOf = (criticality: Criticality): QueuePolicy => ({ criticality, sloMs: 20_000, group: 'mail' });

/** What a leader makes of two queues, second by second. Its stores are in memory. */
function startLeader(queues: ReadonlyMap<string, QueuePolicy>) {
  const flows = new QueueFlows();
  const metrics = createMetrics({ role: 'supervisor', version: '0' });
  let second = 0;
  let records: readonly ScaleRecord[] = [];
  const said: ShedDirective[] = [];
  const clock = { now: () => Date.now() as EpochMs, elapsed: () => second * 1_000 };
  const leadership = { term: 1, deposed: () => undefined };
  const shared = { queues: async () => queues, flowOf: (queue: string) => flows.of(queue), leadership, clock, metrics };
  const sampler = new QueueSampler({ ...shared, inspector: pool().inspector, flows });
  const autoscaler = new Autoscaler({
    ...shared,
    store: {
      publish: async (decided) => {
        records = decided;
        return 'published';
      },
      records: async () => new Map(),
      rules: async () => new Map(),
    },
    slots: { read: async () => ({ workersOf: () => 1, slotsOf: () => 1, needsOf: () => new Set() }) },
    openBreakers: () => [],
    redisPressure: () => 0,
    downAfterMs: 60_000,
    log: silent,
  });
  const shedControl = new ShedControl({
    ...shared,
    store: {
      directive: async () => undefined,
      say: async (directive) => {
        said.push(directive);
        return 'written';
      },
      order: async () => undefined,
      refused: async () => new Map(),
    },
    parked: { births: async () => [], bringBack: async () => ({ kind: 'returned', returned: 0 }) },
    oldestAgeMs: (queue) => sampler.oldestAgeMs(queue),
    pressure: async () => ({ memoryRatio: 0, loopDelayMs: 0, redisLatencyMs: 0 }),
    audit: { add: () => undefined },
    supervisor: 'a',
    log: silent,
  });
  return {
    metrics,
    said,
    records: () => records,
    lookOnce: async () => {
      second += 1;
      await sampler.sample();
      await autoscaler.decide();
      await shedControl.step();
    },
  };
}

/** Jobs that wait and one that runs, all the time. */
async function startLine(delayMs: number) {
  const bench = new LeaseBench(pool());
  const add = () => bench.add({ enqueuedAt: (Date.now() - delayMs) as EpochMs, delayMs });
  for (let n = 0; n < 4; n++) await add();
  let running = (await bench.calls.take(['0'])).jobs[0]?.id ?? '';
  let token = 0;
  return {
    queue: bench.queue,
    /** One comes, one goes. */
    move: async () => {
      await add();
      token += 1;
      const end = { kind: 'c', id: running, token: `${token - 1}`, words: ['null', '/-1/1000', ''] } as const;
      running = (await bench.calls.end(end, `${token}`)).jobs[0]?.id ?? '';
    },
  };
}

describe('a queue of jobs with a delay of a day that is never empty', () => {
  it('is not late to the metric, to the autoscaler and to overload control', async () => {
    const [reminders, bulk] = [await startLine(dayMs), await startLine(0)];
    const leader = startLeader(
      new Map([
        [reminders.queue, policyOf('critical')],
        [bulk.queue, policyOf('sheddable')],
      ]),
    );

    for (let second = 0; second < seconds; second++) {
      await Promise.all([reminders.move(), bulk.move()]);
      await leader.lookOnce();
    }

    const ageS = await metricValue(leader.metrics, 'bulwark_queue_oldest_job_age_seconds', { queue: reminders.queue });
    const seenByAutoscaler = leader.records()[0]?.queues.map(({ oldestAgeMs }) => oldestAgeMs);
    expect(ageS).toBeLessThan(60);
    expect(Math.max(...(seenByAutoscaler ?? []))).toBeLessThan(60_000);
    expect(leader.said.filter(({ share }) => share > 0)).toEqual([]);
  });
});
