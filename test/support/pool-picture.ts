import type { RecentEntry } from '../../src/audit/recent-entries.js';
import type { BreakerState } from '../../src/breaker/breaker-state.js';
import type { WorkerView } from '../../src/cli/status/read-workers.js';
import type { PoolPicture, TopBreaker, TopQueue } from '../../src/cli/top/picture.js';
import { sloStateOf } from '../../src/cli/top/slo-state.js';
import type { EpochMs } from '../../src/time/duration.js';
import { breakerState } from './breaker-state.js';

/** The moment of every picture that says no other. */
export const pictureAt = Date.parse('2026-03-04T12:00:00Z') as EpochMs;

type QueueGiven = Partial<Omit<TopQueue, 'jobs'>> & { readonly jobs?: Partial<TopQueue['jobs']> };

export function topQueue({ jobs, ...given }: QueueGiven): TopQueue {
  const { oldestAgeMs = null, sloMs = 30_000 } = given;
  return {
    queue: 'email',
    criticality: 'critical',
    sloMs,
    group: 'default',
    paused: false,
    oldestAgeMs,
    slo: sloStateOf(oldestAgeMs, sloMs),
    rates: { inPerSecond: 0, outPerSecond: 0 },
    shed: { share: 0, opening: 1, full: false },
    setAside: { shed: 0, retryBudget: 0 },
    ...given,
    jobs: {
      waiting: 0,
      prioritized: 0,
      delayed: 0,
      active: 0,
      completed: 0,
      failed: 0,
      'waiting-children': 0,
      dead_lettered: 0,
      ...jobs,
    },
  };
}

export function workerView(given: Partial<WorkerView>): WorkerView {
  return {
    id: 'w1',
    host: 'h',
    pid: 42,
    version: '1.0.0',
    state: 'running',
    beatAgeMs: 300,
    busy: 2,
    slots: 10,
    usable: 10,
    kinds: ['send-receipt'],
    rssBytes: 90 * 1024 ** 2,
    loopDelayMs: 12,
    uptimeMs: 200_000,
    longest: { id: '7', kind: 'send-receipt', forMs: 4_210 },
    ...given,
  };
}

export function topBreaker(state: Partial<BreakerState>, setAside: number | null = null): TopBreaker {
  return { state: breakerState({ since: (pictureAt - 12_000) as EpochMs, ...state }), setAside };
}

export function recentEntry(given: Partial<RecentEntry>): RecentEntry {
  return {
    at: (pictureAt - 95_000) as EpochMs,
    what: 'breaker.open',
    subject: 'smtp',
    by: 'supervisor-1',
    why: 'failure_rate',
    count: null,
    ...given,
  };
}

/** A pool at one moment: two workers and nothing to do, and what a test says beyond that. */
export function poolPicture(given: Partial<PoolPicture> = {}): PoolPicture {
  return {
    v: 1,
    at: pictureAt,
    readMs: 2.4,
    redis: {
      address: 'redis://127.0.0.1:6379',
      namespace: 'bulwark',
      usedMemoryBytes: 41 * 1024 ** 2,
      maxMemoryBytes: null,
    },
    leader: { id: 'supervisor-1', epoch: 3, leadsForMs: 720_000 },
    overload: {
      share: 0,
      reason: null,
      classes: { critical_plus: 0, critical: 0, sheddable_plus: 0, sheddable: 0 },
      order: null,
    },
    queues: listed([topQueue({})]),
    workers: listed([workerView({}), workerView({ id: 'w2', busy: 0, longest: null })]),
    breakers: listed([]),
    groups: [{ group: 'default', desired: 2, current: 2, why: 'floor' }],
    decisions: [],
    ...given,
  };
}

export function listed<T>(
  rows: readonly T[],
  total = rows.length,
): { readonly total: number; readonly rows: readonly T[] } {
  return { total, rows };
}
