import { describe, expect, it } from 'vitest';
import { PayloadInvalidError } from '../../../src/job/payload.js';
import { asUnavailable } from '../../../src/redis/as-unavailable.js';
import { RedisUnavailableError } from '../../../src/redis/redis-unavailable-error.js';

const named = (name: string) => Object.assign(new Error('as ioredis says it'), { name });
const coded = (code: string) => Object.assign(new Error(`connect ${code} 127.0.0.1:6379`), { code });

describe('asUnavailable', () => {
  it.each<[string, Error]>([
    ['a command that got no answer', new Error('Command timed out')],
    ['a connection that was closed', new Error('Connection is closed.')],
    ['a command that was tried too often', named('MaxRetriesPerRequestError')],
    ['a connection that was refused', coded('ECONNREFUSED')],
    ['a name that could not be looked up', coded('EAI_AGAIN')],
  ])('says of %s that Redis gave no answer', (_what, error) => {
    const told = asUnavailable(error);

    expect(told).toBeInstanceOf(RedisUnavailableError);
    expect(told).toMatchObject({ message: `Redis gave no answer: ${error.message}`, cause: error, retryable: true });
  });

  it.each<[string, unknown]>([
    ['what Redis has answered', named('ReplyError')],
    ['a file that is not there', coded('ENOENT')],
    ["a mistake in a call of Node's", coded('ERR_INVALID_ARG_TYPE')],
    ['an error of ours', new PayloadInvalidError('mail', [])],
    ['what is no error', 'ECONNREFUSED'],
  ])('leaves %s as it is', (_what, error) => {
    expect(asUnavailable(error)).toBe(error);
  });
});
