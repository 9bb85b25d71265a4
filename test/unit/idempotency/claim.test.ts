import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../src/dead-letter/fingerprint.js';
import { type ClaimVerdict, type KeyState, parseClaim, wonKey } from '../../../src/idempotency/claim.js';
import { decideClaim, isFinal } from '../../../src/idempotency/decide-claim.js';
import type { DeadLetterReason, ErrorReport, Outcome } from '../../../src/job/outcome.js';

const digest = 'a'.repeat(32);
const fingerprint = '1.abc';
const named = `${digest}\n${fingerprint}`;
const job = { id: 'job-1', starts: 7 };
const report: ErrorReport = {
  class: 'permanent',
  name: 'KeyConflictError',
  message: 'another payload',
  fingerprint: fingerprintOf('KeyConflictError', undefined, ''),
};

describe('parseClaim', () => {
  it.each<[string, ClaimVerdict]>([
    [`n\n${named}\n1\n`, { kind: 'new' }],
    [`b\n${named}\n1\n`, { kind: 'busy' }],
    [`m\n${named}\n1\n`, { kind: 'mismatch' }],
    [`c\n${named}\n1\n{"a":"\\n"}`, { kind: 'committed', resultJson: '{"a":"\\n"}' }],
    [`f\n${named}\n1\n{}`, { kind: 'failed', failureJson: '{}' }],
  ])('reads %j', (text, verdict) => {
    expect(parseClaim(text, job)).toEqual({ digest, fingerprint, fence: 1, verdict });
  });

  it('reads the fingerprint alone as a key that the job has by its id, with its starts as the fence', () => {
    expect(parseClaim(fingerprint, job)).toEqual({ digest: 'job-1', fingerprint, fence: 7, verdict: { kind: 'new' } });
  });

  it('reads a fence of any size', () => {
    expect(parseClaim(`n\n${named}\n9007199254740991\n`, job).fence).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each(['n\n', 'x\n', `x\n${named}\n1\n`, `n\n${named}\n1`])('refuses %j', (text) => {
    expect(() => parseClaim(text, job)).toThrow(TypeError);
  });
});

describe('wonKey', () => {
  const claim = { digest, fingerprint, fence: 3, verdict: { kind: 'new' } } as const;

  it.each<[string, KeyState, string, string]>([
    ['commits', 'committed', digest, 'c\n1.abc\n3\n\n\n'],
    ['says that it failed for good', 'failed', digest, 'f\n1.abc\n3\n\n\n'],
    ['leaves it open', 'open', digest, 'r\n1.abc\n3\n\n\n'],
    ['names the digest where that is not its id', 'committed', 'other', `${digest}c\n1.abc\n3\n\nother\n`],
  ])('%s', (_what, state, id, expected) => {
    expect(wonKey(state, id, claim)).toBe(expected);
  });

  it('is empty for a run without a key, and for one that has not won it', () => {
    expect(wonKey('committed', digest, undefined)).toBe('');
    expect(wonKey('committed', digest, { ...claim, verdict: { kind: 'committed', resultJson: '1' } })).toBe('');
  });
});

describe('decideClaim', () => {
  const failureJson = JSON.stringify({ reason: 'business_error', error: report });

  it.each<[string, ClaimVerdict, Outcome | undefined]>([
    ['lets a job run whose key is new', { kind: 'new' }, undefined],
    ['lets one wait while another is at it', { kind: 'busy' }, { kind: 'parked', reason: 'key_busy', delayMs: 6_250 }],
    [
      'gives it the result of the one that is done',
      { kind: 'committed', resultJson: '7' },
      { kind: 'completed', resultJson: '7' },
    ],
    [
      'lets it fail as the one that failed for good',
      { kind: 'failed', failureJson },
      { kind: 'dead_lettered', reason: 'business_error', error: report, attempted: false },
    ],
    [
      'does not run one with another payload',
      { kind: 'mismatch' },
      { kind: 'dead_lettered', reason: 'key_conflict', error: report, attempted: false },
    ],
  ])('%s', (_what, verdict, outcome) => {
    expect(decideClaim(verdict, () => report, 0.5)).toEqual(outcome);
  });
});

describe('isFinal', () => {
  it.each<[DeadLetterReason, boolean, boolean]>([
    ['permanent_error', true, true],
    ['business_error', true, true],
    ['attempts_exhausted', true, false],
    ['cancelled', true, false],
    ['poison', true, false],
    ['payload_invalid', false, false],
    ['permanent_error', false, false],
  ])('of %s, with an attempt: %s, is %s', (reason, attempted, expected) => {
    expect(isFinal({ reason, attempted })).toBe(expected);
  });
});
