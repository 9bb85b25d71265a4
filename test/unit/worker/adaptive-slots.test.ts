import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { LimitBounds } from '../../../src/concurrency/limit-steps.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { AdaptiveSlots } from '../../../src/worker/adaptive-slots.js';
import { fetchedJob } from './fetched-job.js';

const bounds: LimitBounds = { min: 1, initial: 10, max: 40 };

/** Slots on a clock that stands still until it is told. */
function slots() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line) => lines.push(JSON.parse(line)) });
  const said = (event: string) => lines.filter(({ msg }) => msg === event);
  const metrics = createMetrics({ role: 'worker', version: '0' });
  const limits: number[] = [];
  let now = 0;
  const adaptive = new AdaptiveSlots({
    queue: 'email',
    bounds,
    // The job whose slot is freed is none of them any more.
    busy: () => (limits.at(-1) ?? bounds.initial) - 1,
    limitTo: (limit) => limits.push(limit),
    clock: { now: () => now as EpochMs, elapsed: () => now },
    log,
    metrics,
  });
  /** Jobs that each take so long, one after the other; Redis' clock stands still. */
  const jobs = (count: number, { ms = 20, ran = true } = {}) => {
    for (let n = 0; n < count; n++) {
      const job = fetchedJob({ startedAt: 0 as EpochMs });
      adaptive.taken(job);
      now += ms;
      if (ran) adaptive.ran(job, true);
      adaptive.freed(job);
    }
  };
  const gauge = async () =>
    /^bulwark_worker_concurrency_limit\{.*queue="email".*\} (\d+)$/m.exec(await metrics.render())?.[1];
  return { adaptive, limits, said, jobs, gauge };
}

describe('the slots of a queue', () => {
  it('are as many as were configured, until enough jobs have ended', async () => {
    const { adaptive, limits, jobs, gauge } = slots();

    jobs(50);

    expect(limits).toEqual([]);
    expect(adaptive.limit).toBe(10);
    expect(await gauge()).toBe('10');
  });

  it('follow what jobs show, and the metric tells it', async () => {
    const { adaptive, limits, jobs, gauge } = slots();

    jobs(101);

    expect(limits).toEqual([12]);
    expect(adaptive.limit).toBe(12);
    expect(await gauge()).toBe('12');
  });

  it('learn nothing of jobs whose handler did not run', () => {
    const { limits, jobs } = slots();

    jobs(500, { ran: false });

    expect(limits).toEqual([]);
  });

  it('are told of in the log when they are far from what was told, and not at every step', () => {
    const { limits, said, jobs } = slots();

    jobs(2_000);

    expect(limits.length).toBeGreaterThan(5);
    const told = said('concurrency.changed');
    expect(told[0]).toMatchObject({ queue: 'email', from: 10, limit: 14, reason: 'probe' });
    expect(told.length).toBeLessThan(limits.length / 2);
    expect(said('concurrency.moved').length + told.length).toBe(limits.length);
  });
});
