import { describe, expect, it } from 'vitest';
import { failedDependency, markFailedDependency } from '../../../src/retry/failed-dependency.js';

/** What a call of smtp threw. */
function marked(thrown: unknown = new Error('421 later')): unknown {
  markFailedDependency(thrown, 'smtp');
  return thrown;
}

describe('failedDependency', () => {
  it.each<[string, unknown, string | undefined]>([
    ['what the call threw', marked(), 'smtp'],
    ['a frozen error', marked(Object.freeze(new Error('421'))), 'smtp'],
    ['what it caused', new Error('no receipt', { cause: marked() }), 'smtp'],
    ['what that caused', new Error('no order', { cause: new Error('no receipt', { cause: marked() }) }), 'smtp'],
    ['the first of several', new AggregateError([marked(), new Error('x')]), 'smtp'],
    ['another error', new Error('x'), undefined],
    ['what cannot be remembered', marked('421 later'), undefined],
    ['null', marked(null), undefined],
    [
      'an error whose own code throws',
      {
        get cause() {
          throw new Error('x');
        },
      },
      undefined,
    ],
  ])('of %s', (_what, thrown, expected) => {
    expect(failedDependency(thrown)).toBe(expected);
  });

  it('is the last whose call it came out of', () => {
    const error = marked();

    markFailedDependency(error, 'mail-gateway');

    expect(failedDependency(error)).toBe('mail-gateway');
  });

  it('leaves the error as it was', () => {
    expect(Object.getOwnPropertyNames(marked())).toEqual(Object.getOwnPropertyNames(new Error('x')));
  });
});
