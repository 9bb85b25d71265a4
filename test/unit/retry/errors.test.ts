import { describe, expect, it } from 'vitest';
import { BusinessError, PermanentError, ThrottledError, TransientError } from '../../../src/retry/errors.js';

describe('the errors by which a handler says what its failure means', () => {
  it.each([
    [TransientError, 'TransientError', 'transient'],
    [ThrottledError, 'ThrottledError', 'throttled'],
    [PermanentError, 'PermanentError', 'permanent'],
    [BusinessError, 'BusinessError', 'business'],
  ])('%o has a name, a class, its message and its cause', (VerdictError, name, errorClass) => {
    const cause = new Error('underneath');

    const error = new VerdictError('card declined', { cause });

    expect(error).toMatchObject({ name, errorClass, message: 'card declined', cause });
    expect(error).toBeInstanceOf(Error);
  });

  it('reads how long to wait as people write it', () => {
    expect(new ThrottledError('later', { retryAfter: '2m' }).retryAfterMs).toBe(120_000);
    expect(new ThrottledError('later').retryAfterMs).toBeUndefined();
    expect(() => new ThrottledError('later', { retryAfter: 'soon' as '1s' })).toThrow(RangeError);
  });
});
