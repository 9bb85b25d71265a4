import type { Clock } from '../../../src/time/clock.js';
import type { EpochMs } from '../../../src/time/duration.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';

/** The moment at which every test of the worker plays, unless it says otherwise. */
export const now = Date.parse('2026-03-04T05:06:07Z') as EpochMs;

/** A moment so many milliseconds after that. */
export const momentIn = (ms: number): EpochMs => (now + ms) as EpochMs;

export const standingClock: Clock = { now: () => now, elapsed: () => 0 };

/** A job as it comes from Redis, fetched just now. */
export function fetchedJob(overrides: Partial<FetchedJob> = {}): FetchedJob {
  return {
    id: '42',
    token: 'bw/host-1-ab/7',
    kind: 'send-receipt',
    dataJson: '{"orderId":"42"}',
    opts: {},
    unreadableOpts: undefined,
    meta: {},
    carrier: undefined,
    enqueuedAt: momentIn(-1_000),
    startedAt: now,
    attemptsMade: 0,
    starts: 1,
    hasParent: false,
    deferredFailure: undefined,
    schedulerKey: undefined,
    brokenFields: [],
    claim: undefined,
    ...overrides,
  };
}
