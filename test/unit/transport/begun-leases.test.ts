import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cancellation } from '../../../src/job/cancellation.js';
import { BegunLeases } from '../../../src/transport/begun-leases.js';
import { leaseNumber, sharedLeaseNumber } from '../../../src/transport/lease-number.mjs';
import { leaseToken } from '../../../src/transport/lease-token.js';
import { RunningJobs } from '../../../src/transport/running-jobs.js';
import { fetchedJob } from '../worker/fetched-job.js';

const run = (number: number) =>
  new RunningJobs().add(fetchedJob({ token: leaseToken('w', number) }), new Cancellation());

/** What the guard does first: a new round, then a look at what has begun. */
function look(leases: BegunLeases): number[] {
  const words = new Int32Array(leases.shared);
  Atomics.add(words, 0, 1);
  return [...words.slice(1)].filter((number) => number !== 0).sort((a, b) => a - b);
}

describe('BegunLeases', () => {
  it('shows the guard which jobs have begun and not ended', () => {
    const leases = new BegunLeases(2);
    const [first, second, third] = [run(0), run(1), run(2)];

    expect([leases.begin(first, 3), leases.begin(second, 3)]).toEqual([true, true]);
    leases.end(first);
    expect(leases.begin(third, 3)).toBe(true);

    expect(look(leases)).toEqual([2, 3]);
  });

  it('lets no job begin whose lease was asked for before the guard looked', () => {
    const leases = new BegunLeases(3);
    leases.begin(run(0), 2);
    look(leases);

    expect(leases.begin(run(1), 5)).toBe(false);
    expect(leases.begin(run(4), 5)).toBe(false);
    expect(leases.begin(run(5), 6)).toBe(true);
    expect(look(leases)).toEqual([1, 6]);
  });

  it('lets a job begin whose lease was asked for after the guard looked', () => {
    const leases = new BegunLeases(3);
    look(leases);

    leases.heed(2);

    expect([leases.begin(run(1), 4), leases.begin(run(2), 4), leases.begin(run(3), 4)]).toEqual([false, true, true]);
  });

  it('never lets a job begin that the guard did not see, whenever it looks', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('ask', 'begin', 'end', 'look')), (steps) => {
        const leases = new BegunLeases(100);
        const asked: number[] = [];
        const begun: ReturnType<typeof run>[] = [];
        const givenBack = new Set<number>();
        let next = 0;
        for (const step of steps) {
          if (step === 'ask') {
            leases.heed(next);
            asked.push(next++);
          }
          if (step === 'begin') {
            const number = asked.shift();
            if (number === undefined) continue;
            const job = run(number);
            if (leases.begin(job, next)) {
              expect(givenBack.has(number)).toBe(false);
              begun.push(job);
            }
          }
          if (step === 'end') {
            const job = begun.shift();
            if (job) leases.end(job);
          }
          if (step === 'look') {
            const seen = new Set(look(leases));
            for (const { job } of begun) expect(seen).toContain(leaseNumber(job.token) + 1);
            for (const number of asked) givenBack.add(number);
          }
        }
      }),
    );
  });
});

describe('the number of a lease', () => {
  it('is read from its token, and fits the shared words however many there were', () => {
    expect(leaseNumber(leaseToken('host/with/slashes', 12))).toBe(12);
    expect([0, 1, 2 ** 31 - 2, 2 ** 31 - 1, 2 ** 40].map(sharedLeaseNumber)).toEqual([1, 2, 2 ** 31 - 1, 1, 513]);
  });
});
