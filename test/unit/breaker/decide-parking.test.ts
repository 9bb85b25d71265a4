import { describe, expect, it } from 'vitest';
import { decideParking, type RefusedJob } from '../../../src/breaker/decide-parking.js';
import type { EpochMs } from '../../../src/time/duration.js';

const now = 1_000_000 as EpochMs;

describe('decideParking', () => {
  it.each<[string, Partial<RefusedJob>, number, number]>([
    ['at least half a minute while the fleet keeps away', {}, 0, 30_000],
    ['at most a minute', {}, 0.999_99, 60_000],
    ['a second where only this worker does', { by: 'worker' }, 0, 1_000],
    ['at most three', { by: 'worker' }, 0.999_99, 3_000],
    ['no longer than to its deadline', { deadline: (now + 7_000) as EpochMs }, 0.5, 7_000],
    ['as long as ever where its deadline is further away', { deadline: (now + 90_000) as EpochMs }, 0.5, 45_000],
    ['not at all when its deadline has just passed', { deadline: (now - 1) as EpochMs }, 0.5, 0],
  ])('sets a job aside for %s', (_what, job, random, delayMs) => {
    expect(decideParking({ breaker: 'smtp/eu', by: 'fleet', deadline: undefined, ...job }, now, random)).toEqual({
      kind: 'parked',
      reason: 'breaker:smtp/eu',
      delayMs,
    });
  });
});
