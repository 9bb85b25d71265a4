import type { JobCrash } from '../../src/job/crash.js';
import type { EpochMs } from '../../src/time/duration.js';
import type { Orphan } from '../../src/transport/queue-admin.js';

/** The loss of a worker whose process was seen to end. */
export function jobCrash(overrides: Partial<JobCrash> = {}): JobCrash {
  return { at: 1_000 as EpochMs, how: 'exited', worker: 'w1', ...overrides };
}

/** So many of them, a second apart. */
export function jobCrashes(count: number, overrides: Partial<JobCrash> = {}): JobCrash[] {
  return Array.from({ length: count }, (_, n) => jobCrash({ at: (1_000 * (n + 1)) as EpochMs, ...overrides }));
}

/** An active job that lost its worker, as a leader of this epoch found it. */
export function orphan(queue: string, id: string, token: string, crash: Partial<JobCrash> = {}, epoch = 1): Orphan {
  return { queue, id, token, crash: jobCrash(crash), keepCrashes: 6, epoch };
}
