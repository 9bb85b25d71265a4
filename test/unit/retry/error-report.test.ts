import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { JobTimeoutError } from '../../../src/job/abort-reasons.js';
import { reportError, truncateUtf8 } from '../../../src/retry/error-report.js';

const limits = { maxErrorBytes: 200, maxStackBytes: 300 };

const report = (error: unknown) => reportError(error, 'transient', limits);

describe('reportError', () => {
  it('keeps name, message, stack and class of an error', () => {
    const error = new TypeError('no route');

    expect(reportError(error, 'permanent', limits)).toEqual({
      class: 'permanent',
      name: 'TypeError',
      message: 'no route',
      stack: expect.stringMatching(/^TypeError: no route\n {4}at /),
      fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
  });

  it.each<[string, unknown, string]>([
    ['its code', Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'ECONNRESET'],
    ['a code of ours', new JobTimeoutError('quote', 1_000), 'BULWARK_JOB_TIMEOUT'],
    ['a code that is a number', Object.assign(new Error('x'), { code: 23 }), '23'],
    ['its HTTP status', Object.assign(new Error('x'), { status: 503 }), 'HTTP 503'],
    ['the status of its response', Object.assign(new Error('x'), { response: { status: 404 } }), 'HTTP 404'],
    ['the code of its cause', new Error('x', { cause: Object.assign(new Error('y'), { code: 'EPIPE' }) }), 'EPIPE'],
  ])('has as code %s', (_what, error, code) => {
    expect(report(error).code).toBe(code);
  });

  it('has no code when there is none, also not in causes that go round', () => {
    const error = new Error('round');
    error.cause = error;

    expect('code' in report(error)).toBe(false);
  });

  it('names the cause in the message', () => {
    expect(report(new TypeError('fetch failed', { cause: new Error('connect refused') })).message).toBe(
      'fetch failed (caused by: connect refused)',
    );
    expect(report(new Error('x', { cause: new Error('') })).message).toBe('x');
  });

  it.each<[string, unknown, string]>([
    ['a text', 'no route', 'no route'],
    ['nothing', undefined, 'thrown value: undefined'],
    ['null', null, 'thrown value: null'],
    ['a number', 404, 'thrown value: 404'],
    ['an object', { a: 1, b: { c: {} } }, 'thrown value: { a: 1, b: { c: {} } }'],
    ['a symbol', Symbol('x'), 'thrown value: Symbol(x)'],
  ])('shows %s that was thrown', (_what, thrown, message) => {
    const { name, stack, ...rest } = report(thrown);

    expect(rest.message).toBe(message);
    expect({ name, stack }).toEqual({ name: 'Error', stack: undefined });
  });

  it('blanks the password of a URL in message, cause and stack', () => {
    const cause = new Error('refused by https://u:hunter2@api.example');

    const { message, stack } = report(new Error('no route to redis://app:hunter2@db', { cause }));

    expect(message).toBe(
      'no route to redis://app:[redacted]@db (caused by: refused by https://u:[redacted]@api.example)',
    );
    expect(stack).toContain('redis://app:[redacted]@db');
    expect(stack).not.toContain('hunter2');
  });

  it('blanks the password of a URL that the bound cuts through', () => {
    const { message } = report(`${'m'.repeat(160)} redis://app:${'hunter2'.repeat(10)}@db`);

    expect(message).not.toContain('hunter2');
  });

  it('cuts what is too long', () => {
    const error = Object.assign(new Error('m'.repeat(1_000)), { name: 'N'.repeat(1_000), code: 'C'.repeat(1_000) });

    const { name, code, message, stack } = report(error);

    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(200);
    expect(message).toMatch(/^m+… \(cut\)$/);
    expect(Buffer.byteLength(stack ?? '')).toBeLessThanOrEqual(300);
    expect(name.length).toBeLessThanOrEqual(100);
    expect(code?.length).toBeLessThanOrEqual(100);
  });

  it("repairs halves of characters, on which Redis' JSON decoder would fail", () => {
    const half = '\uD83D';
    const error = Object.assign(new Error(`cut ${half}`), { name: half, code: half });

    const { name, code, message, stack } = report(error);

    for (const text of [name, code, message, stack]) expect(JSON.stringify(text)).not.toMatch(/\\ud[89a-f]/i);
  });

  it.each<[string, unknown]>([
    ['a revoked proxy', revokedProxy()],
    ['a proxy that throws', new Proxy(new Error('x'), trap())],
    ['an object that cannot be inspected', { [inspect.custom]: throwing }],
    ['an error without a readable name', Object.defineProperty(new Error('x'), 'name', { get: throwing })],
    ['an error without a readable message', Object.defineProperty(new Error('x'), 'message', { get: throwing })],
    ['an error without a readable stack', Object.defineProperty(new Error('x'), 'stack', { get: throwing })],
    ['an error without a readable code', Object.defineProperty(new Error('x'), 'code', { get: throwing })],
    ['an error without a readable cause', Object.defineProperty(new Error('x'), 'cause', { get: throwing })],
    ['an error whose message cannot be written', Object.assign(new Error(), { message: Object.create(null) })],
    ['an error whose message is a symbol', Object.assign(new Error(), { message: Symbol('x') })],
    ['an object without a prototype', Object.create(null)],
  ])('does not fail on %s', (_what, thrown) => {
    const { message, fingerprint } = report(thrown);

    expect(typeof message).toBe('string');
    expect(fingerprint).toMatch(/^[0-9a-f]{12}$/);
  });

  it('keeps what can be read of an error that partly cannot', () => {
    const error = Object.defineProperty(new TypeError('no route'), 'code', { get: throwing });

    expect(report(error)).toMatchObject({ name: 'TypeError', message: 'no route' });
  });
});

describe('truncateUtf8', () => {
  it.each<[string, number, string]>([
    ['short', 100, 'short'],
    ['exactly', 7, 'exactly'],
    ['exactly ten', 10, 'e… (cut)'],
    ['ääääääää', 12, 'ä… (cut)'],
    ['ääääääää', 13, 'ää… (cut)'],
    ['ääääääää', 14, 'ää… (cut)'],
    ['a😀😀😀😀', 13, 'a… (cut)'],
    ['a😀😀😀😀', 14, 'a😀… (cut)'],
    ['too little room for the mark', 5, 'too l'],
    ['', 0, ''],
    ['nothing fits', 0, ''],
  ])('cuts %j at %d bytes to %j', (text, maxBytes, expected) => {
    expect(truncateUtf8(text, maxBytes)).toBe(expected);
  });
});

function throwing(): never {
  throw new Error('hands off');
}

function trap(): ProxyHandler<Error> {
  return {
    get: throwing,
    getPrototypeOf: throwing,
    has: throwing,
    ownKeys: throwing,
    getOwnPropertyDescriptor: throwing,
  };
}

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
