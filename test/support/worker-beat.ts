import type { WorkerBeat } from '../../src/recovery/worker-beat.js';
import type { EpochMs } from '../../src/time/duration.js';

/** A beat of a worker that does nothing. */
export function workerBeat(id: string, overrides: Partial<WorkerBeat> = {}): WorkerBeat {
  return {
    id,
    host: 'here',
    pid: 1,
    version: '0',
    startedAt: 0 as EpochMs,
    state: 'running',
    kinds: [],
    queues: [],
    rssBytes: 1,
    loopDelayMs: 0,
    running: [],
    ...overrides,
  };
}
