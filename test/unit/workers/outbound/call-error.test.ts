import { PermanentError, ThrottledError, TransientError } from 'bulwark';
import { describe, expect, it } from 'vitest';
import { callError } from '../../../../workers/outbound/call-error.js';
import { PrivateAddressError } from '../../../../workers/outbound/guarded-agent.js';

const going = new AbortController().signal;

describe('callError', () => {
  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED'])(
    'takes %s as transient and names host and code',
    (code) => {
      const cause = Object.assign(new Error('low-level words'), { code });

      const error = callError(cause, 'example.org', going);

      expect(error).toBeInstanceOf(TransientError);
      expect(error).toMatchObject({ message: `example.org could not be reached: ${code}`, cause });
    },
  );

  it('takes a private address as permanent', () => {
    const error = callError(new PrivateAddressError('example.org', ['10.0.0.1']), 'example.org', going);

    expect(error).toBeInstanceOf(PermanentError);
    expect((error as Error).message).toContain('example.org leads to no public address (10.0.0.1)');
  });

  it('leaves an error after an abort to those who aborted', () => {
    const aborted = AbortSignal.abort(new Error('shutting down'));

    expect(callError(aborted.reason, 'example.org', aborted)).toBe(aborted.reason);
  });

  it.each([new PermanentError('no'), new ThrottledError('later'), new TransientError('again')])(
    'leaves %s as it is',
    (error) => {
      expect(callError(error, 'example.org', going)).toBe(error);
    },
  );
});
