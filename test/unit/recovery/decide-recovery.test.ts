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

const aside = (delayMs: number, spacingMs = 200): RecoveryDecision => ({ kind: 'quarantine', delayMs, spacingMs });
const silent = (count: number) => jobCrashes(count, { how: 'silent' });
const longAgo = (count: number) => jobCrashes(count, { at: -10_000 as EpochMs });

const alone = { alone: true, signal: 'SIGSEGV' };

describe('decideRecovery', () => {
  it.each<[string, readonly JobCrash[], RecoveryDecision]>([
    ['puts back a job that lost its first worker', jobCrashes(1), { kind: 'requeue' }],
    ['sets one aside that lost its second, to be apart from other suspects', jobCrashes(2), aside(0)],
    ['sets one aside whose workers only fell silent', silent(2), aside(0)],
    [
      'gives up a job that was alone in the third process, whose end somebody saw',
      [...jobCrashes(2), jobCrash(alone)],
      { kind: 'dead_letter', crashes: 3 },
    ],
    [
      'gives it up also when the first two only fell silent: the last loss convicts',
      [...silent(2), jobCrash(alone)],
      { kind: 'dead_letter', crashes: 3 },
    ],
    ['does not convict a job that was among others', jobCrashes(3), aside(0, 800)],
    ['nor one whose process only lost its connections', [...jobCrashes(2), jobCrash({ alone: true })], aside(0, 800)],
    [
      'nor one whose process only fell silent',
      [...jobCrashes(2), jobCrash({ ...alone, how: 'silent' })],
      aside(0, 800),
    ],
    ['nor one that nobody held', [...jobCrashes(2), jobCrash({ how: 'unowned' })], aside(0, 800)],
    ['goes on setting it aside, for longer and farther from others each time', silent(5), aside(2_000, 12_800)],
    [
      'gives up in the end a job that always loses its workers, or it would come back for ever',
      silent(6),
      { kind: 'dead_letter', crashes: 6 },
    ],
    ['counts no loss that is too long ago', [...longAgo(5), jobCrash()], { kind: 'requeue' }],
    ['counts losses inside the window only', [...longAgo(5), ...jobCrashes(2)], aside(0)],
    ['takes a loss as old as the window for too long ago', longAgo(3), { kind: 'requeue' }],
  ])('%s', (_what, crashes, expected) => {
    expect(decideRecovery(crashes, policy, now)).toEqual(expected);
  });

  it('waits for a lane from the first time on, where there is one', () => {
    const decisions = [2, 3].map((count) => decideRecovery(jobCrashes(count), { ...policy, hasLanes: true }, now));

    expect(decisions).toEqual([aside(1_000, 5_000), aside(2_000, 5_000)]);
  });

  it('sets nobody aside for longer than an hour', () => {
    const patient = { ...policy, poisonAfter: 20, quarantineMs: 60_000 };

    expect(decideRecovery(silent(39), patient, now)).toEqual(aside(3_600_000, 3_600_000));
  });

  it.each([1, 5])(
    'gives up without setting aside where poison does not come after quarantine: %d',
    (quarantineAfter) => {
      const strict = { ...policy, quarantineAfter, poisonAfter: 1 };

      expect(decideRecovery(jobCrashes(1), strict, now)).toEqual({ kind: 'dead_letter', crashes: 1 });
    },
  );
});
