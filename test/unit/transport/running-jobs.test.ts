import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../../src/job/cancellation.js';
import { type RunningJob, RunningJobs } from '../../../src/transport/running-jobs.js';
import { fetchedJob } from '../worker/fetched-job.js';

function add(running: RunningJobs, token: string): RunningJob {
  return running.add(fetchedJob({ token }), new Cancellation());
}

describe('RunningJobs', () => {
  it('holds what was added and not removed, in whatever order that happens', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 12 })), (steps) => {
        const running = new RunningJobs();
        const expected = new Set<RunningJob>();
        for (const [index, step] of steps.entries()) {
          const present = [...expected][step];
          if (present === undefined) {
            expected.add(add(running, String(index)));
          } else {
            running.remove(present);
            expected.delete(present);
          }
          expect(new Set(running)).toEqual(expected);
          expect(running.size).toBe(expected.size);
        }
        for (const run of expected) expect(running.withToken(run.job.token)).toBe(run);
      }),
    );
  });

  it('forgets a run once, however often it is told', () => {
    const running = new RunningJobs();
    const [first, second] = [add(running, 't1'), add(running, 't2')];

    running.remove(first);
    running.remove(first);

    expect([...running]).toEqual([second]);
    expect(running.withToken('t1')).toBeUndefined();
  });
});
