import { PermanentError, ThrottledError, TransientError } from 'bulwark';
import { describe, expect, it } from 'vitest';
import { decideStatus, statusError } from '../../../../workers/outbound/status-verdict.js';

describe('decideStatus', () => {
  it.each([
    [200, 'accepted'],
    [202, 'accepted'],
    [204, 'accepted'],
    [299, 'accepted'],
    [301, 'redirected'],
    [302, 'redirected'],
    [304, 'redirected'],
    [308, 'redirected'],
    [400, 'refused'],
    [401, 'refused'],
    [403, 'refused'],
    [404, 'refused'],
    [408, 'transient'],
    [409, 'refused'],
    [410, 'refused'],
    [413, 'refused'],
    [422, 'refused'],
    [425, 'transient'],
    [429, 'throttled'],
    [500, 'transient'],
    [502, 'transient'],
    [503, 'transient'],
    [504, 'transient'],
    [599, 'transient'],
    [600, 'refused'],
    [199, 'refused'],
  ] as const)('takes %i as %s', (status, kind) => {
    expect(decideStatus(status, undefined).kind).toBe(kind);
  });

  it.each([408, 425, 429, 500, 503])('takes %i with a Retry-After as throttled until then', (status) => {
    expect(decideStatus(status, 7_000)).toEqual({ kind: 'throttled', retryAfterMs: 7_000 });
  });

  it.each([200, 301, 404])('does not let a Retry-After change what %i means', (status) => {
    expect(decideStatus(status, 7_000)).toEqual(decideStatus(status, undefined));
  });
});

describe('statusError', () => {
  it('tells the pool how long to wait', () => {
    const error = statusError({ kind: 'throttled', retryAfterMs: 7_000 }, 'example.org answered 503');

    expect(error).toBeInstanceOf(ThrottledError);
    expect(error).toMatchObject({
      retryAfterMs: 7_000,
      message: 'example.org answered 503 and asked to wait 7 s',
    });
  });

  it.each([
    [{ kind: 'throttled', retryAfterMs: undefined }, ThrottledError],
    [{ kind: 'transient' }, TransientError],
    [{ kind: 'redirected' }, PermanentError],
    [{ kind: 'refused' }, PermanentError],
  ] as const)('turns %o into the error of its class', (verdict, errorClass) => {
    expect(statusError(verdict, 'example.org answered')).toBeInstanceOf(errorClass);
  });
});
