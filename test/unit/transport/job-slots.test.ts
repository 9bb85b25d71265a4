import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cancellation } from '../../../src/job/cancellation.js';
import { JobSlots, type JobSlotsOptions } from '../../../src/transport/job-slots.js';
import { leaseToken } from '../../../src/transport/lease-token.js';
import { type RunningJob, RunningJobs } from '../../../src/transport/running-jobs.js';
import { fetchedJob } from '../worker/fetched-job.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

/** Slots whose jobs begin, wait and go back as the test does; each is called by the number of its lease. */
function startSlots(options: Partial<JobSlotsOptions> = {}) {
  const happened: string[] = [];
  const running = new RunningJobs();
  const runs: RunningJob[] = [];
  const note = (what: string) => (run: RunningJob) => void happened.push(`${what} ${runs.indexOf(run)}`);
  const slots = new JobSlots({
    slots: 1,
    limit: () => options.slots ?? 1,
    prefetch: true,
    queueLimits: () => false,
    nextLease: () => runs.length,
    begin: note('begins'),
    onDoubt: note('in doubt'),
    onLate: note('late'),
    ...options,
  });
  const enter = (): RunningJob => {
    const run = running.add(fetchedJob({ token: leaseToken('w', runs.length) }), new Cancellation());
    runs.push(run);
    slots.enter(run);
    return run;
  };
  const runThrough = (times: number, ms = 0) => {
    for (let time = 0; time < times; time++) {
      const run = enter();
      vi.advanceTimersByTime(ms);
      slots.leave(run);
      slots.forget(run);
    }
    happened.length = 0;
  };
  return { slots, enter, runThrough, happened };
}

describe('JobSlots', () => {
  it('asks for one job more than there are slots after short runs, and no more when one was long', () => {
    const { slots, runThrough } = startSlots();

    expect(slots.ahead).toBe(0);
    runThrough(20, 2);
    expect(slots.ahead).toBe(1);
    runThrough(1, 3);
    expect(slots.ahead).toBe(0);
  });

  it.each<[string, Partial<JobSlotsOptions>]>([
    ['it is not to', { prefetch: false }],
    ['the queue itself limits how many jobs run', { queueLimits: () => true }],
    ['none of the slots may be used', { limit: () => 0 }],
  ])('asks for none more when %s', (_why, options) => {
    const { slots, runThrough } = startSlots(options);

    runThrough(30);

    expect(slots.ahead).toBe(0);
  });

  it('asks for none more once the queue had too few', () => {
    const { slots, runThrough } = startSlots();
    runThrough(20);

    slots.ranDry();

    expect(slots.ahead).toBe(0);
  });

  it('lets a job wait until the one before has left its slot, and whoever left has said so', async () => {
    const { slots, enter, happened } = startSlots();
    const first = enter();
    enter();
    expect(happened).toEqual(['begins 0']);

    slots.leave(first);
    expect(happened).toEqual(['begins 0']);
    await nextTick();

    expect(happened).toEqual(['begins 0', 'begins 1']);
  });

  it('lets one job wait, and begins what comes beyond', () => {
    const { enter, happened } = startSlots();

    enter();
    enter();
    enter();

    expect(happened).toEqual(['begins 0', 'begins 2']);
  });

  it('begins no job beside another when no slot may be used any more, and a lone one', () => {
    const limits = { now: 1 };
    const { slots, enter, happened } = startSlots({ limit: () => limits.now });
    const first = enter();
    limits.now = 0;

    enter();
    expect(happened).toEqual(['begins 0']);
    vi.advanceTimersByTime(20);
    slots.leave(first);
    enter();

    expect(happened).toEqual(['begins 0', 'late 1', 'begins 2']);
  });

  it('begins the job that waits first of all when more slots may be used', () => {
    const limits = { now: 1 };
    const { slots, enter, happened } = startSlots({ slots: 3, limit: () => limits.now });
    enter();
    enter();

    limits.now = 3;
    enter();
    expect(happened).toEqual(['begins 0', 'begins 1', 'begins 2']);
    enter();
    limits.now = 4;
    slots.limitChanged();

    expect(happened).toEqual(['begins 0', 'begins 1', 'begins 2', 'begins 3']);
  });

  it('lets the job that waits go on waiting when a slot gets free that may not be used', async () => {
    const limits = { now: 2 };
    const { slots, enter, happened } = startSlots({ slots: 2, limit: () => limits.now });
    const first = enter();
    enter();
    enter();
    limits.now = 1;

    slots.leave(first);
    await nextTick();

    expect(happened).toEqual(['begins 0', 'begins 1']);
  });

  it('hands on a job for which no slot became free in 20 ms, and asks for none more', () => {
    const { slots, enter, runThrough, happened } = startSlots();
    runThrough(20);
    enter();
    enter();

    vi.advanceTimersByTime(19);
    expect(happened).toEqual(['begins 20']);
    vi.advanceTimersByTime(1);

    expect(happened).toEqual(['begins 20', 'late 21']);
    expect(slots.ahead).toBe(0);
  });

  it('counts the time anew for each job that waits', async () => {
    const { slots, enter, happened } = startSlots();
    const first = enter();
    enter();
    vi.advanceTimersByTime(15);
    slots.leave(first);
    await nextTick();
    enter();

    vi.advanceTimersByTime(19);
    expect(happened).toEqual(['begins 0', 'begins 1']);
    vi.advanceTimersByTime(1);

    expect(happened).toEqual(['begins 0', 'begins 1', 'late 2']);
  });

  it('begins a job at once that was called off while it waits', () => {
    const { slots, enter, happened } = startSlots();
    enter();
    const next = enter();

    slots.hurry(next);
    vi.advanceTimersByTime(100);

    expect(happened).toEqual(['begins 0', 'begins 1']);
  });

  it('forgets a job that waits and is somebody else’s by now', async () => {
    const { slots, enter, happened } = startSlots();
    const first = enter();
    slots.forget(enter());

    slots.leave(first);
    await nextTick();

    expect(slots.takeNext()).toBeUndefined();
    expect(happened).toEqual(['begins 0']);
  });

  it('begins no job that the guard may have given back', async () => {
    const { slots, enter, happened } = startSlots();
    const first = enter();
    enter();
    Atomics.add(new Int32Array(slots.shared), 0, 1);

    slots.leave(first);
    await nextTick();

    expect(happened).toEqual(['begins 0', 'in doubt 1']);
  });
});
