import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../src/dead-letter/fingerprint.js';
import { type ClaimVerdict, parseClaim } from '../../../src/idempotency/claim.js';
import { decideClaim, isFinal } from '../../../src/idempotency/decide-claim.js';
import type { DeadLetterReason, ErrorReport, Outcome } from '../../../src/job/outcome.js';

const identity = `${'a'.repeat(32)}\n1.abc`;
const report: ErrorReport = {
  class: 'permanent',
  name: 'KeyConflictError',
  message: 'another payload',
  fingerprint: fingerprintOf('KeyConflictError', undefined, ''),
};

describe('parseClaim', () => {
  it.each<[string, ClaimVerdict]>([
    [`n\n${identity}\n1\n`, { kind: 'new' }],
    [`b\n${identity}\n1\n`, { kind: 'busy' }],
    [`m\n${identity}\n1\n`, { kind: 'mismatch' }],
    [`c\n${identity}\n1\n{"a":"\\n"}`, { kind: 'committed', resultJson: '{"a":"\\n"}' }],
    [`f\n${identity}\n1\n{}`, { kind: 'failed', failureJson: '{}' }],
  ])('reads %j', (text, verdict) => {
    expect(parseClaim(text, 7)).toEqual({ identity, fence: 1, verdict });
  });

  it('reads the identity alone as a key that the job has, with its starts as the fence', () => {
    expect(parseClaim(identity, 7)).toEqual({ identity, fence: 7, verdict: { kind: 'new' } });
  });

  it('reads a fence of any size', () => {
    expect(parseClaim(`n\n${identity}\n9007199254740991\n`, 7).fence).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each(['n\n', `x\n${identity}\n1\n`, `n\n${identity}\n1`])('refuses %j', (text) => {
    expect(() => parseClaim(text, 7)).toThrow(TypeError);
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
