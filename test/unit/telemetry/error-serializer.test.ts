import { describe, expect, it } from 'vitest';
import { RedisUnavailableError } from '../../../src/redis/redis-unavailable-error.js';
import { type LoggedError, serializeError } from '../../../src/telemetry/error-serializer.js';

describe('serializeError', () => {
  it('shows name, message, code, stack and causes', () => {
    const error = new RedisUnavailableError('Redis did not answer', { cause: new TypeError('socket closed') });

    const logged = serializeError(error);

    expect(logged).toMatchObject({
      type: 'RedisUnavailableError',
      message: 'Redis did not answer',
      code: 'BULWARK_REDIS_UNAVAILABLE',
      cause: { type: 'TypeError', message: 'socket closed' },
    });
    expect(logged.stack).toContain('error-serializer.test.ts');
  });

  it('leaves out what libraries hang on their errors', () => {
    const error = Object.assign(new Error('request failed'), { config: { headers: { authorization: 'hunter2' } } });

    expect(JSON.stringify(serializeError(error))).not.toContain('hunter2');
  });

  it('blanks URL passwords in message and stack', () => {
    expect(JSON.stringify(serializeError(new Error('no route to redis://u:hunter2@redis')))).not.toContain('hunter2');
  });

  it('bounds a huge message and says how long it was', () => {
    const { message } = serializeError(new Error('x'.repeat(1_000_000)));

    expect(message.length).toBeLessThan(2_100);
    expect(message).toMatch(/… \(1000000 characters\)$/);
  });

  it('ends a chain of causes that never ends', () => {
    const error = new Error('turns in circles');
    error.cause = error;

    let depth = 0;
    for (let at: LoggedError | undefined = serializeError(error); at; at = at.cause) depth += 1;

    expect(depth).toBe(5);
  });

  it.each([
    ['a text', { type: 'string', message: 'a text' }],
    [undefined, { type: 'undefined', message: 'undefined' }],
    [404, { type: 'number', message: '404' }],
  ])('shows %s thrown in place of an error', (thrown, expected) => {
    expect(serializeError(thrown)).toEqual(expected);
  });
});
