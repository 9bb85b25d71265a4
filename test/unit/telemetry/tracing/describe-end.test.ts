import { describe, expect, it } from 'vitest';
import type { ErrorReport, Outcome } from '../../../../src/job/outcome.js';
import { describeEnd, type SpanEnd } from '../../../../src/telemetry/tracing/describe-end.js';

const error: ErrorReport = {
  class: 'transient',
  name: 'SmtpError',
  message: 'smtp://me:hunter2@there is away',
  stack: 'SmtpError: smtp://me:hunter2@there is away\n    at send',
  fingerprint: 'f',
};
const failure = {
  type: 'SmtpError',
  message: 'smtp://me:[redacted]@there is away',
  stack: 'SmtpError: smtp://me:[redacted]@there is away\n    at send',
};

describe('describeEnd', () => {
  it.each<[string, Outcome, SpanEnd]>([
    [
      'completed',
      { kind: 'completed', resultJson: '{"secret":1}' },
      { attributes: { 'bulwark.outcome': 'completed' } },
    ],
    [
      'completed by its fallback, without the key of the breaker',
      { kind: 'completed', resultJson: '1', fallbackFor: 'smtp/tenant-7' },
      { attributes: { 'bulwark.outcome': 'completed', 'bulwark.fallback_for': 'smtp' } },
    ],
    [
      'failed, and is tried again',
      { kind: 'retried', delayMs: 1_500, error },
      {
        attributes: { 'bulwark.outcome': 'retried', 'bulwark.delay_seconds': 1.5, 'bulwark.error.class': 'transient' },
        failure,
      },
    ],
    [
      'was set aside, which is no failure',
      { kind: 'parked', delayMs: 2_000, reason: 'breaker:smtp/tenant-7' },
      { attributes: { 'bulwark.outcome': 'parked', 'bulwark.delay_seconds': 2, 'bulwark.reason': 'breaker:smtp' } },
    ],
    [
      'failed for good',
      { kind: 'dead_lettered', reason: 'attempts_exhausted', error, attempted: true },
      {
        attributes: {
          'bulwark.outcome': 'dead_lettered',
          'bulwark.reason': 'attempts_exhausted',
          'bulwark.error.class': 'transient',
        },
        failure,
      },
    ],
    [
      'was refused before it ran, without a message that may quote the payload',
      { kind: 'dead_lettered', reason: 'payload_not_json', error: { ...error, class: 'permanent' }, attempted: false },
      {
        attributes: {
          'bulwark.outcome': 'dead_lettered',
          'bulwark.reason': 'payload_not_json',
          'bulwark.error.class': 'permanent',
        },
        failure: { type: 'SmtpError' },
      },
    ],
    [
      'was interrupted, which is no failure',
      { kind: 'interrupted', reason: 'shutdown' },
      { attributes: { 'bulwark.outcome': 'interrupted', 'bulwark.reason': 'shutdown' } },
    ],
    ['was lost to another worker', { kind: 'lease_lost' }, { attributes: { 'bulwark.outcome': 'lease_lost' } }],
  ])('of an attempt that %s', (_what, outcome, expected) => {
    expect(describeEnd(outcome, false)).toEqual(expected);
  });

  it('says that an outcome counts for nothing which Redis refused', () => {
    expect(describeEnd({ kind: 'retried', delayMs: 1, error }, true)).toEqual({
      attributes: { 'bulwark.outcome': 'lease_lost' },
    });
  });
});
