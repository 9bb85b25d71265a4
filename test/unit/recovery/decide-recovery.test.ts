import { describe, expect, it } from 'vitest';
import type { JobCrash } from '../../../src/job/crash.js';
import {
  decideRecovery,
  isOrphaned,
  type OrphanCandidate,
  type RecoveryDecision,
} from '../../../src/recovery/decide-recovery.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { jobCrash, jobCrashes } from '../../support/orphan.js';

const graceMs = 5_000;
const policy = { quarantineAfter: 2, poisonAfter: 3, crashWindowMs: 60_000, quarantineMs: 1_000, hasLanes: false };
const now = 50_000 as EpochMs;

function held(overrides: Partial<OrphanCandidate> = {}): OrphanCandidate {
  return { token: 'bw/host-1-ab/7', owner: 'alive', leaselessMs: 0, ...overrides };
}

function leaseless(leaselessMs: number): OrphanCandidate {
  return { token: '', owner: undefined, leaselessMs };
}

describe('isOrphaned', () => {
  it.each<[string, OrphanCandidate, boolean]>([
    ['leaves a job to a worker that lives', held(), false],
    ['leaves a job to a worker that is late', held({ owner: 'suspect' }), false],
    ['leaves a job to a worker that is not of ours', held({ token: '8a0b:3', owner: undefined }), false],
    ['finds the job of a dead worker', held({ owner: 'dead' }), true],
    ['leaves a job that has lost its lease just now', leaseless(0), false],
    ['leaves a job whose worker may still take its lease back', leaseless(4_999), false],
    ['finds a job that nobody has held for long', leaseless(5_000), true],
  ])('%s', (_what, candidate, expected) => {
    expect(isOrphaned(candidate, graceMs)).toBe(expected);
  });
});

const silent = (count: number) => jobCrashes(count, { how: 'silent' });
const longAgo = (count: number) => jobCrashes(count, { at: -10_000 as EpochMs });

describe('decideRecovery', () => {
  it.each<[string, readonly JobCrash[], RecoveryDecision]>([
    ['puts back a job that lost its first worker', jobCrashes(1), { kind: 'requeue' }],
    ['sets one aside that lost its second', jobCrashes(2), { kind: 'quarantine', delayMs: 0 }],
    ['sets one aside whose workers only fell silent', silent(2), { kind: 'quarantine', delayMs: 0 }],
    ['gives up a job whose third worker was seen to end', jobCrashes(3), { kind: 'dead_letter', crashes: 3 }],
    [
      'gives it up also when the first two only fell silent: the last loss convicts',
      [...silent(2), jobCrash({ at: 3_000 as EpochMs })],
      { kind: 'dead_letter', crashes: 3 },
    ],
    [
      'does not convict by a worker that only fell silent, and sets the job aside for a while',
      [...jobCrashes(2), jobCrash({ how: 'silent' })],
      { kind: 'quarantine', delayMs: 1_000 },
    ],
    [
      'nor by a job that nobody held',
      [...jobCrashes(2), jobCrash({ how: 'unowned' })],
      { kind: 'quarantine', delayMs: 1_000 },
    ],
    ['goes on setting it aside, twice as long each time', silent(5), { kind: 'quarantine', delayMs: 4_000 }],
    [
      'gives up in the end a job whose workers always fall silent, or it would come back for ever',
      silent(6),
      { kind: 'dead_letter', crashes: 6 },
    ],
    ['counts no loss that is too long ago', [...longAgo(5), jobCrash()], { kind: 'requeue' }],
    ['counts losses inside the window only', [...longAgo(5), ...jobCrashes(2)], { kind: 'quarantine', delayMs: 0 }],
    ['takes a loss as old as the window for too long ago', longAgo(3), { kind: 'requeue' }],
  ])('%s', (_what, crashes, expected) => {
    expect(decideRecovery(crashes, policy, now)).toEqual(expected);
  });

  it.each<[string, Partial<JobCrash>, RecoveryDecision]>([
    ['convicts a job that was alone in the process that ended', { alone: true }, { kind: 'dead_letter', crashes: 3 }],
    ['convicts none that was among others', {}, { kind: 'quarantine', delayMs: 2_000 }],
    ['convicts none whose process fell silent', { alone: true, how: 'silent' }, { kind: 'quarantine', delayMs: 2_000 }],
  ])('where suspects can run alone, %s', (_what, last, expected) => {
    expect(decideRecovery([...jobCrashes(2), jobCrash(last)], { ...policy, hasLanes: true }, now)).toEqual(expected);
  });

  it('where suspects can run alone, waits for that from the first time on', () => {
    expect(decideRecovery(jobCrashes(2), { ...policy, hasLanes: true }, now)).toEqual({
      kind: 'quarantine',
      delayMs: 1_000,
    });
  });

  it('sets nobody aside for longer than an hour', () => {
    const patient = { ...policy, poisonAfter: 20, quarantineMs: 60_000 };

    expect(decideRecovery(silent(39), patient, now)).toEqual({ kind: 'quarantine', delayMs: 3_600_000 });
  });

  it('gives up without setting aside where poison comes first', () => {
    const strict = { ...policy, quarantineAfter: 5, poisonAfter: 1 };

    expect(decideRecovery(jobCrashes(1), strict, now)).toEqual({ kind: 'dead_letter', crashes: 1 });
  });
});
