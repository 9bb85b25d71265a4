import type { JobView } from '../../src/transport/queue-inspector.js';

/** A job that waits in its queue and to which nothing has happened. */
export function jobView(overrides: Partial<JobView> = {}): JobView {
  return {
    id: '7',
    queue: 'email',
    state: 'waiting',
    kind: 'send-receipt',
    payload: {},
    meta: {},
    carrier: undefined,
    enqueuedAt: 1,
    startedAt: undefined,
    finishedAt: undefined,
    attemptsMade: 0,
    starts: 0,
    crashes: 0,
    crashHistory: [],
    parkedFor: undefined,
    trail: [],
    steps: [],
    progress: 0,
    result: undefined,
    fallbackFor: undefined,
    failedReason: undefined,
    worker: undefined,
    attempts: [],
    delayMs: 0,
    parent: undefined,
    scheduler: undefined,
    willFail: undefined,
    deathRecord: undefined,
    ...overrides,
  };
}
