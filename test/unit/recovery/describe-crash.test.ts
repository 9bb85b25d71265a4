import { describe, expect, it } from 'vitest';
import type { JobCrash } from '../../../src/job/crash.js';
import type { CrashRecord } from '../../../src/recovery/crash-record.js';
import { type CrashEvidence, describeCrash, spokenEnd } from '../../../src/recovery/describe-crash.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { jobCrash } from '../../support/orphan.js';
import { workerBeat } from '../../support/worker-beat.js';

const at = 1_000 as EpochMs;

function evidence(overrides: Partial<CrashEvidence> = {}): CrashEvidence {
  return { at, worker: 'w1', isGone: true, beat: undefined, record: undefined, ...overrides };
}

function crashRecord(overrides: Partial<CrashRecord> = {}): CrashRecord {
  return { exitCode: null, signal: 'SIGSEGV', endedAt: at, lines: [], ...overrides };
}

describe('describeCrash', () => {
  it.each<[string, CrashEvidence, JobCrash]>([
    [
      'says that a process ended whose connections were seen to be gone',
      evidence(),
      { at, how: 'exited', worker: 'w1' },
    ],
    ['says that a worker fell silent', evidence({ isGone: false }), { at, how: 'silent', worker: 'w1' }],
    [
      'believes whoever saw the process end, even if its connections were not seen',
      evidence({ isGone: false, record: crashRecord() }),
      { at, how: 'exited', worker: 'w1', signal: 'SIGSEGV', lines: [] },
    ],
    [
      'names the exit code, also when that is 0',
      evidence({ record: crashRecord({ exitCode: 0, signal: null }) }),
      { at, how: 'exited', worker: 'w1', exitCode: 0, lines: [] },
    ],
    [
      'takes from the last beat what may have led to it',
      evidence({ beat: workerBeat('w1', { rssBytes: 7, loopDelayMs: 3, blockedMs: 9_000 }) }),
      { at, how: 'exited', worker: 'w1', rssBytes: 7, loopDelayMs: 3, blockedMs: 9_000 },
    ],
    [
      'says that the job was alone',
      evidence({ beat: workerBeat('w1', { suspect: { queue: 'q', jobId: 'a' } }) }),
      { at, how: 'exited', worker: 'w1', alone: true, rssBytes: 1, loopDelayMs: 0 },
    ],
  ])('%s', (_what, known, expected) => {
    expect(describeCrash(known)).toEqual(expected);
  });

  it('keeps the last lines, of a thousand characters together', () => {
    const lines = ['a'.repeat(500), 'b'.repeat(400), 'c'.repeat(500)];

    expect(describeCrash(evidence({ record: crashRecord({ lines }) })).lines).toEqual(lines.slice(1));
  });

  it('keeps the beginning of a last line that is longer than that: it has the error', () => {
    const lines = ['before', `{"msg":"process.crashed",${'x'.repeat(2_000)}`];

    expect(describeCrash(evidence({ record: crashRecord({ lines }) })).lines).toEqual([lines[1]?.slice(0, 1_000)]);
  });
});

describe('spokenEnd', () => {
  it.each<[JobCrash, string | undefined]>([
    [jobCrash({ signal: 'SIGSEGV' }), 'killed by SIGSEGV'],
    [jobCrash({ exitCode: 7 }), 'with exit code 7'],
    [jobCrash({ exitCode: 0 }), 'with exit code 0'],
    [jobCrash(), undefined],
  ])('of %j is %s', (crash, spoken) => {
    expect(spokenEnd(crash)).toBe(spoken);
  });
});
