import { describe, expect, it } from 'vitest';
import { assertNever } from '../../../src/errors/assert-never.js';
import { isBulwarkError } from '../../../src/errors/bulwark-error.js';
import { errorCodes } from '../../../src/errors/codes.js';
import { JobTimeoutError } from '../../../src/job/abort-reasons.js';
import { DefinitionError } from '../../../src/job/definition-error.js';

describe('BulwarkError', () => {
  it('carries its name, a stable code, details and the cause', () => {
    const cause = new Error('underneath');

    const error = new DefinitionError('wrong', { cause, details: { option: 'x' } });

    expect(error).toMatchObject({
      name: 'DefinitionError',
      code: 'BULWARK_DEFINITION_INVALID',
      retryable: false,
      details: { option: 'x' },
      cause,
    });
  });

  it('has no cause when none was given', () => {
    expect('cause' in new DefinitionError('wrong')).toBe(false);
  });
});

describe('isBulwarkError', () => {
  it.each<[string, unknown, boolean]>([
    ['an error of ours', new JobTimeoutError('quote', 1000), true],
    ['one from another copy of the package', Object.assign(new Error(), { code: 'BULWARK_JOB_TIMEOUT' }), true],
    ['an error of Node', Object.assign(new Error(), { code: 'ECONNRESET' }), false],
    ['an error whose code is a number', Object.assign(new Error(), { code: 500 }), false],
    ['an object that only looks like one', { code: 'BULWARK_JOB_TIMEOUT' }, false],
    ['nothing', undefined, false],
  ])('for %s: %#', (_what, error, expected) => {
    expect(isBulwarkError(error)).toBe(expected);
  });
});

describe('the error codes', () => {
  it('are each listed once and named alike', () => {
    expect(new Set(errorCodes).size).toBe(errorCodes.length);
    for (const code of errorCodes) expect(code).toMatch(/^BULWARK(_[A-Z]+)+$/);
  });
});

describe('assertNever', () => {
  it('fails with the value that should not have been', () => {
    expect(() => assertNever('surprise' as never)).toThrow('unexpected value: "surprise"');
  });
});
