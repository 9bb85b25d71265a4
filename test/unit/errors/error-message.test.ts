import { describe, expect, it } from 'vitest';
import { errorMessage } from '../../../src/errors/error-message.js';

describe('errorMessage', () => {
  it.each<[string, unknown, string]>([
    ['an error', new Error('no route'), 'no route'],
    ['an error without words', new Error(''), ''],
    ['a text', 'no route', 'no route'],
    ['a number', 404, '404'],
    ['nothing', undefined, 'undefined'],
    ['a symbol', Symbol('no route'), 'Symbol(no route)'],
    ['an error whose message is no text', Object.assign(new Error(), { message: 7 }), '7'],
  ])('gives the message of %s', (_what, thrown, expected) => {
    expect(errorMessage(thrown)).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['an object without a prototype', Object.create(null)],
    [
      'an object that cannot be written',
      {
        toString: () => {
          throw new Error('no');
        },
      },
    ],
    [
      'an error whose message cannot be read',
      Object.defineProperty(new Error(), 'message', {
        get: () => {
          throw new Error('no');
        },
      }),
    ],
    ['a revoked proxy', revokedProxy()],
  ])('does not fail on %s', (_what, thrown) => {
    expect(errorMessage(thrown)).toBe('(a thrown value that cannot be shown)');
  });
});

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
