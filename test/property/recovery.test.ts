import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JobCrash, losses } from '../../src/job/crash.js';
import {
  crashesThatCount,
  decideRecovery,
  isOrphaned,
  type OrphanCandidate,
  type RecoveryMeans,
} from '../../src/recovery/decide-recovery.js';
import type { WorkerVerdict } from '../../src/recovery/fleet-watch.js';
import type { EpochMs } from '../../src/time/duration.js';

const now = 10_000_000 as EpochMs;
const anyPolicy: fc.Arbitrary<RecoveryMeans> = fc.record({
  quarantineAfter: fc.integer({ min: 1, max: 20 }),
  poisonAfter: fc.integer({ min: 1, max: 20 }),
  crashWindowMs: fc.integer({ min: 1_000, max: 2_000_000 }),
  quarantineMs: fc.integer({ min: 100, max: 3_600_000 }),
  hasLanes: fc.boolean(),
});
const anyCrash: fc.Arbitrary<JobCrash> = fc.record({
  at: fc.integer({ min: now - 3_000_000, max: now }).map((at) => at as EpochMs),
  how: fc.constantFrom(...losses),
  alone: fc.boolean(),
  exitCode: fc.constant(1),
});
const anyHistory = fc
  .array(anyCrash, { minLength: 1, maxLength: 45 })
  .map((crashes) => crashes.toSorted((a, b) => a.at - b.at));
const anyCandidate: fc.Arbitrary<OrphanCandidate> = fc.record({
  token: fc.constantFrom('', 'bw/host-1-ab/7', '8a0b:3'),
  owner: fc.constantFrom<WorkerVerdict | undefined>('alive', 'suspect', 'dead', undefined),
  leaselessMs: fc.nat(120_000),
});
const anyGrace = fc.integer({ min: 1, max: 60_000 });

describe('isOrphaned', () => {
  it('for any candidate, never takes a job from a worker that is not dead', () => {
    fc.assert(
      fc.property(anyCandidate, anyGrace, (candidate, graceMs) => {
        fc.pre(candidate.token !== '' && candidate.owner !== 'dead');

        expect(isOrphaned(candidate, graceMs)).toBe(false);
      }),
    );
  });

  it('for any job that was put back and taken up again, leaves it: recovering once is enough', () => {
    fc.assert(
      fc.property(anyGrace, (graceMs) => {
        const takenUp: OrphanCandidate = { token: 'bw/host-2-cd/0', owner: 'alive', leaselessMs: 0 };

        expect(isOrphaned(takenUp, graceMs)).toBe(false);
      }),
    );
  });
});

describe('decideRecovery', () => {
  it('for any history, decides the same however often it is asked', () => {
    fc.assert(
      fc.property(anyHistory, anyPolicy, (history, policy) => {
        const frozen = Object.freeze([...history]);

        expect(decideRecovery(frozen, policy, now)).toEqual(decideRecovery(frozen, policy, now));
      }),
    );
  });

  it('for any history, condemns no job before its workers were lost as often as poison takes', () => {
    fc.assert(
      fc.property(anyHistory, anyPolicy, (history, policy) => {
        const decision = decideRecovery(history, policy, now);
        fc.pre(decision.kind === 'dead_letter');

        const recent = history.filter(({ at }) => now - at < policy.crashWindowMs);
        expect(recent.length).toBeGreaterThanOrEqual(policy.poisonAfter);
        const last = recent.at(-1);
        const isWitnessed = last?.how === 'exited' && (last.exitCode !== undefined || last.signal !== undefined);
        const isolates = policy.quarantineAfter < policy.poisonAfter;
        if (isolates ? !isWitnessed || !last.alone : last?.how !== 'exited')
          expect(recent.length).toBeGreaterThanOrEqual(2 * policy.poisonAfter);
      }),
    );
  });

  it('for any policy, gives a job up that ends every process: at the crash that makes it poison, or in the end where nobody can be sure', () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const crashes: JobCrash[] = [];
        let alone = false;
        for (;;) {
          crashes.push({ at: now, how: 'exited', alone, exitCode: 1 });
          const decision = decideRecovery(crashes, policy, now);
          if (decision.kind === 'dead_letter') {
            const isSeen = policy.hasLanes || policy.quarantineAfter >= policy.poisonAfter;
            expect(decision.crashes).toBe(isSeen ? policy.poisonAfter : 2 * policy.poisonAfter);
            return;
          }
          expect(decision.kind).toBe(crashes.length < policy.quarantineAfter ? 'requeue' : 'quarantine');
          alone = policy.hasLanes && decision.kind === 'quarantine';
        }
      }),
    );
  });

  it('for any ways of losing workers one after another, comes to an end', () => {
    fc.assert(
      fc.property(anyPolicy, fc.array(fc.constantFrom(...losses), { minLength: 40, maxLength: 40 }), (policy, ways) => {
        const verdicts = ways.map((_, index) => {
          const crashes = ways.slice(0, index + 1).map((how): JobCrash => ({ at: now, how }));
          return decideRecovery(crashes, policy, now).kind;
        });

        expect(verdicts.indexOf('dead_letter') + 1).toBeLessThanOrEqual(2 * policy.poisonAfter);
        expect(verdicts).toContain('dead_letter');
      }),
    );
  });

  it('for any history, waits the longer the more crashes there were, and never longer than an hour', () => {
    fc.assert(
      fc.property(anyPolicy, fc.integer({ min: 1, max: 39 }), (policy, count) => {
        const crashes = Array.from({ length: count + 1 }, (): JobCrash => ({ at: now, how: 'silent' }));
        const [before, after] = [crashes.slice(1), crashes].map((history) => decideRecovery(history, policy, now));
        fc.pre(before?.kind === 'quarantine' && after?.kind === 'quarantine');

        expect(after.delayMs).toBeGreaterThanOrEqual(before.delayMs);
        expect(after.delayMs).toBeLessThanOrEqual(3_600_000);
      }),
    );
  });

  it('for any history, decides by no more of it than is kept', () => {
    fc.assert(
      fc.property(anyHistory, anyPolicy, (history, policy) => {
        const whole = decideRecovery(history, policy, now);
        const kept = decideRecovery(history.slice(-crashesThatCount(policy)), policy, now);

        expect(kept.kind).toBe(whole.kind);
      }),
    );
  });
});
