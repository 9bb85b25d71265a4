import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRecovery, type OrphanCandidate, type RecoveryPolicy } from '../../src/recovery/decide-recovery.js';
import type { WorkerVerdict } from '../../src/recovery/fleet-watch.js';

const anyPolicy: fc.Arbitrary<RecoveryPolicy> = fc.record({
  leaselessGraceMs: fc.integer({ min: 1, max: 60_000 }),
  poisonAfter: fc.integer({ min: 1, max: 20 }),
});
const anyOwner = fc.constantFrom<WorkerVerdict | undefined>('alive', 'suspect', 'dead', undefined);
const anyCandidate: fc.Arbitrary<OrphanCandidate> = fc.record({
  token: fc.constantFrom('', 'bw/host-1-ab/7', '8a0b:3'),
  owner: anyOwner,
  leaselessMs: fc.nat(120_000),
  crashes: fc.nat(30),
});

describe('decideRecovery', () => {
  it('for any candidate, decides the same however often it is asked', () => {
    fc.assert(
      fc.property(anyCandidate, anyPolicy, (candidate, policy) => {
        const frozen = Object.freeze({ ...candidate });

        expect(decideRecovery(frozen, policy)).toEqual(decideRecovery(frozen, policy));
      }),
    );
  });

  it('for any job that was put back and taken up again, decides to leave it: recovering once is enough', () => {
    fc.assert(
      fc.property(anyCandidate, anyPolicy, (candidate, policy) => {
        const decision = decideRecovery(candidate, policy);
        fc.pre(decision.kind === 'requeue');

        const takenUp: OrphanCandidate = {
          token: 'bw/host-2-cd/0',
          owner: 'alive',
          leaselessMs: 0,
          crashes: candidate.crashes + 1,
        };

        expect(decideRecovery(takenUp, policy)).toEqual({ kind: 'leave' });
      }),
    );
  });

  it('for any policy, gives a job up that kills every worker, at exactly the crash that makes it poison', () => {
    fc.assert(
      fc.property(anyPolicy, fc.boolean(), (policy, leaseRanOut) => {
        let crashes = 0;
        for (;;) {
          const candidate: OrphanCandidate = leaseRanOut
            ? { token: '', owner: undefined, leaselessMs: policy.leaselessGraceMs, crashes }
            : { token: 'bw/host-1-ab/7', owner: 'dead', leaselessMs: 0, crashes };
          const decision = decideRecovery(candidate, policy);
          if (decision.kind === 'dead_letter') {
            expect(decision.crashes).toBe(policy.poisonAfter);
            return;
          }
          expect(decision.kind).toBe('requeue');
          crashes += 1;
        }
      }),
    );
  });

  it('for any candidate, never takes a job from a worker that is not dead', () => {
    fc.assert(
      fc.property(anyCandidate, anyPolicy, (candidate, policy) => {
        fc.pre(candidate.token !== '' && candidate.owner !== 'dead');

        expect(decideRecovery(candidate, policy)).toEqual({ kind: 'leave' });
      }),
    );
  });
});
