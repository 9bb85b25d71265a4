import { UnrecoverableError } from 'bullmq';
import { Headers as UndiciHeaders } from 'undici';
import { describe, expect, it } from 'vitest';
import { DependencyTimeoutError } from '../../../src/breaker/dependency-timeout-error.js';
import { JobCancelledError, JobExpiredError, JobTimeoutError } from '../../../src/job/abort-reasons.js';
import type { ErrorVerdict } from '../../../src/job/error-verdict.js';
import { PayloadInvalidError } from '../../../src/job/payload.js';
import { RedisUnavailableError } from '../../../src/redis/redis-unavailable-error.js';
import { classifyError, httpStatusOf } from '../../../src/retry/classify.js';
import { BusinessError, PermanentError, ThrottledError, TransientError } from '../../../src/retry/errors.js';
import type { EpochMs } from '../../../src/time/duration.js';

const now = Date.parse('2026-03-04T05:06:07Z') as EpochMs;

function withFields(fields: object, message = 'failed'): Error {
  return Object.assign(new Error(message), fields);
}

const classOf = (error: unknown): string => classifyError(error, now).class;

describe('classifyError', () => {
  it.each<[string, unknown, ErrorVerdict]>([
    ['what says that it is transient', new TransientError('x'), { class: 'transient' }],
    ['what says that it is throttled', new ThrottledError('x'), { class: 'throttled' }],
    [
      'what says for how long',
      new ThrottledError('x', { retryAfter: '7s' }),
      { class: 'throttled', retryAfterMs: 7_000 },
    ],
    ['what says that it is permanent', new PermanentError('x'), { class: 'permanent' }],
    ['what says that it is an expected no', new BusinessError('x'), { class: 'business' }],
    ['a class stated by an error of the user', withFields({ errorClass: 'business' }), { class: 'business' }],
    ['a class stated by what is no error', { errorClass: 'permanent' }, { class: 'permanent' }],
    ['a class there is not', withFields({ errorClass: 'fatal' }), { class: 'transient' }],
    ['an expired job', new JobExpiredError('too late'), { class: 'expired' }],
    ['a cancelled job', new JobCancelledError('called off'), { class: 'cancelled' }],
    ['a job that took too long', new JobTimeoutError('quote', 1_000), { class: 'transient' }],
    ['a dependency that took too long', new DependencyTimeoutError('smtp', 1_000), { class: 'transient' }],
    ['Redis out of reach', new RedisUnavailableError('away'), { class: 'transient' }],
    ['an invalid payload for another job', new PayloadInvalidError('quote', []), { class: 'permanent' }],
    ["BullMQ's way to say never again", new UnrecoverableError('never'), { class: 'permanent' }],
    ['a plain error', new Error('no idea'), { class: 'transient' }],
    ['a thrown text', 'no idea', { class: 'transient' }],
    ['nothing thrown', undefined, { class: 'transient' }],
    ['null', null, { class: 'transient' }],
  ])('knows %s', (_what, error, expected) => {
    expect(classifyError(error, now)).toEqual(expected);
  });

  it.each([
    'EAI_AGAIN',
    'ECONNABORTED',
    'ECONNREFUSED',
    'ECONNRESET',
    'EHOSTDOWN',
    'EHOSTUNREACH',
    'ENETDOWN',
    'ENETUNREACH',
    'ENOTFOUND',
    'EPIPE',
    'ETIMEDOUT',
    'EBUSY',
    'EMFILE',
    'ENFILE',
    'UND_ERR_BODY_TIMEOUT',
    'UND_ERR_CONNECT_TIMEOUT',
    'UND_ERR_HEADERS_TIMEOUT',
    'UND_ERR_SOCKET',
    'ERR_SOCKET_CONNECTION_TIMEOUT',
    '40001',
    '40P01',
    '53300',
    '57P01',
    '57P02',
    '57P03',
    '08000',
    '08001',
    '08003',
    '08006',
    'ER_LOCK_DEADLOCK',
    'ER_LOCK_WAIT_TIMEOUT',
    'SQLITE_BUSY',
  ])('tries again after the code %s, also when the status beside it says never', (code) => {
    expect(classOf(withFields({ code, status: 404 }))).toBe('transient');
  });

  it.each<[number, string]>([
    [400, 'permanent'],
    [401, 'permanent'],
    [403, 'permanent'],
    [404, 'permanent'],
    [409, 'permanent'],
    [410, 'permanent'],
    [422, 'permanent'],
    [408, 'transient'],
    [425, 'transient'],
    [429, 'throttled'],
    [500, 'transient'],
    [501, 'permanent'],
    [502, 'transient'],
    [503, 'transient'],
    [504, 'transient'],
    [505, 'permanent'],
    [599, 'transient'],
    [399, 'transient'],
    [600, 'transient'],
    [302, 'transient'],
  ])('takes HTTP status %d for %s', (status, expected) => {
    expect(classOf(withFields({ status }))).toBe(expected);
  });

  it.each<[string, object]>([
    ['status', { status: 404 }],
    ['statusCode', { statusCode: 404 }],
    ['response.status', { response: { status: 404 } }],
    ['response.statusCode', { response: { statusCode: 404 } }],
  ])('finds the status in %s', (_where, fields) => {
    expect(classOf(withFields(fields))).toBe('permanent');
  });

  it.each<[string, object]>([
    ['headers', { status: 429, headers: { 'retry-after': '7' } }],
    ['headers in any case', { status: 429, headers: { 'Retry-After': '7' } }],
    ['a Headers object', { status: 429, headers: new Headers({ 'retry-after': '7' }) }],
    ['the Headers object of another fetch', { status: 429, headers: new UndiciHeaders({ 'retry-after': '7' }) }],
    ['the response', { response: { status: 429, headers: { 'retry-after': '7' } } }],
    [
      'the response, when the headers beside it are those of the request',
      { status: 429, headers: { accept: '*' }, response: { headers: { 'retry-after': '7' } } },
    ],
    ['a date', { status: 429, headers: { 'retry-after': 'Wed, 04 Mar 2026 05:06:14 GMT' } }],
  ])('finds Retry-After in %s', (_where, fields) => {
    expect(classifyError(withFields(fields), now)).toEqual({ class: 'throttled', retryAfterMs: 7_000 });
  });

  it.each([408, 425, 500, 503])('takes status %d with a Retry-After as asking for later', (status) => {
    expect(classifyError(withFields({ status, headers: { 'retry-after': '7' } }), now)).toEqual({
      class: 'throttled',
      retryAfterMs: 7_000,
    });
  });

  const asked = withFields({ status: 503, headers: { 'retry-after': '7' } });

  it.each<[string, unknown, ErrorVerdict]>([
    ['a transient error', new TransientError('x', { cause: asked }), { class: 'transient', retryAfterMs: 7_000 }],
    ['a throttled one', new ThrottledError('x', { cause: asked }), { class: 'throttled', retryAfterMs: 7_000 }],
    [
      'one that says itself for how long',
      new ThrottledError('x', { retryAfter: '3s', cause: asked }),
      { class: 'throttled', retryAfterMs: 3_000 },
    ],
    ['one that is final', new PermanentError('x', { cause: asked }), { class: 'permanent' }],
  ])(
    'holds %s to the Retry-After of its cause, if it is tried again and says no other time',
    (_what, error, expected) => {
      expect(classifyError(error, now)).toEqual(expected);
      expect(classifyError(asked, now, () => expected)).toEqual(expected);
    },
  );

  it('is not moved by a Retry-After that says nothing', () => {
    expect(classifyError(withFields({ status: 503, headers: { 'retry-after': 'soon' } }), now)).toEqual({
      class: 'transient',
    });
  });

  it.each<[string, unknown, string]>([
    ['the cause of what says nothing itself', new Error('x', { cause: new PermanentError('y') }), 'permanent'],
    [
      'a cause three deep',
      new Error('1', { cause: new Error('2', { cause: withFields({ status: 404 }) }) }),
      'permanent',
    ],
    ['the first of several errors', new AggregateError([withFields({ status: 404 }), new Error('y')]), 'permanent'],
    [
      'the outermost of several that say something',
      withFields({ status: 404, cause: new TransientError('y') }),
      'permanent',
    ],
    [
      'an unknown code with a cause that is known',
      withFields({ code: 'E_APP', cause: withFields({ status: 404 }) }),
      'permanent',
    ],
    ['a cause that is a text', new Error('x', { cause: 'because' }), 'transient'],
  ])('looks at %s', (_what, error, expected) => {
    expect(classOf(error)).toBe(expected);
  });

  it('gives up on a chain of causes that has no end', () => {
    const error = new Error('round');
    error.cause = error;

    expect(classOf(error)).toBe('transient');
  });

  it('asks the rules of the kind first', () => {
    const rules = (error: unknown): ErrorVerdict | undefined =>
      error instanceof PermanentError ? { class: 'throttled', retryAfterMs: 5 } : undefined;

    expect(classifyError(new PermanentError('x'), now, rules)).toEqual({ class: 'throttled', retryAfterMs: 5 });
    expect(classifyError(new BusinessError('x'), now, rules)).toEqual({ class: 'business' });
  });

  it.each<[string, unknown]>([
    ['a class there is not', { class: 'fatal' }],
    ['no class', {}],
    ['a text', 'permanent'],
    ['null', null],
  ])('passes over rules that answer with %s', (_what, answer) => {
    expect(classifyError(new BusinessError('x'), now, () => answer as ErrorVerdict)).toEqual({ class: 'business' });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, '5'])(
    'leaves out a time to wait of %o, which would never be over or is none',
    (retryAfterMs) => {
      const stated = withFields({ errorClass: 'throttled', retryAfterMs });
      const ruled = () => ({ class: 'throttled', retryAfterMs }) as ErrorVerdict;

      expect(classifyError(stated, now)).toEqual({ class: 'throttled' });
      expect(classifyError(new Error('x'), now, ruled)).toEqual({ class: 'throttled' });
    },
  );

  it.each<[string, unknown]>([
    ['a getter that throws', Object.defineProperty(new Error('x'), 'code', { get: throwing })],
    ['a proxy that throws', new Proxy(new Error('x'), { get: throwing })],
    ['a response that throws', withFields({ response: Object.defineProperty({}, 'status', { get: throwing }) })],
    ['headers that throw', withFields({ status: 429, headers: { get: throwing } })],
  ])('takes an error with %s for transient', (_what, error) => {
    expect(classifyError(error, now)).toEqual({ class: 'transient' });
  });
});

describe('httpStatusOf', () => {
  it.each<[string, object, number | undefined]>([
    ['the first that is an error', { status: 200, response: { status: 503 } }, 503],
    ['no success', { status: 204 }, undefined],
    ['no text', { status: '404' }, undefined],
    ['nothing below the errors', { status: 399 }, undefined],
    ['nothing beyond them', { status: 600 }, undefined],
    ['the last of them', { status: 599 }, 599],
    ['nothing without one', {}, undefined],
  ])('finds %s', (_what, error, expected) => {
    expect(httpStatusOf(error)).toBe(expected);
  });
});

function throwing(): never {
  throw new Error('hands off');
}
