import { describe, expect, it } from 'vitest';
import { decideRecovery, type OrphanCandidate, type RecoveryDecision } from '../../../src/recovery/decide-recovery.js';

const policy = { leaselessGraceMs: 5_000, poisonAfter: 3 };

function held(overrides: Partial<OrphanCandidate> = {}): OrphanCandidate {
  return { token: 'bw/host-1-ab/7', owner: 'alive', leaselessMs: 0, crashes: 0, ...overrides };
}

function leaseless(leaselessMs: number, crashes = 0): OrphanCandidate {
  return { token: '', owner: undefined, leaselessMs, crashes };
}

describe('decideRecovery', () => {
  it.each<[string, OrphanCandidate, RecoveryDecision]>([
    ['leaves a job to a worker that lives', held(), { kind: 'leave' }],
    ['leaves a job to a worker that is late', held({ owner: 'suspect' }), { kind: 'leave' }],
    ['leaves a job to a worker that is not of ours', held({ token: '8a0b:3', owner: undefined }), { kind: 'leave' }],
    ['puts back the job of a dead worker', held({ owner: 'dead' }), { kind: 'requeue' }],
    ['leaves a job that has lost its lease just now', leaseless(0), { kind: 'leave' }],
    ['leaves a job whose worker may still take its lease back', leaseless(4_999), { kind: 'leave' }],
    ['puts back a job that nobody has held for long', leaseless(5_000), { kind: 'requeue' }],
    ['puts back a job that crashed a worker before', held({ owner: 'dead', crashes: 1 }), { kind: 'requeue' }],
    [
      'gives up a job that crashed its third worker',
      held({ owner: 'dead', crashes: 2 }),
      { kind: 'dead_letter', crashes: 3 },
    ],
    ['gives it up also when its lease ran out', leaseless(5_000, 2), { kind: 'dead_letter', crashes: 3 }],
    [
      'gives up a job that crashed more workers than allowed',
      held({ owner: 'dead', crashes: 9 }),
      { kind: 'dead_letter', crashes: 10 },
    ],
    ['leaves even that one to a worker that lives', held({ crashes: 9 }), { kind: 'leave' }],
  ])('%s', (_what, candidate, expected) => {
    expect(decideRecovery(candidate, policy)).toEqual(expected);
  });
});
