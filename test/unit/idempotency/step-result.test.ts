import { describe, expect, it } from 'vitest';
import { StepResultError } from '../../../src/idempotency/step-errors.js';
import { decodeStepResult, encodeStepResult } from '../../../src/idempotency/step-result.js';

const itself: Record<string, unknown> = {};
itself['self'] = itself;

describe('the result of a step', () => {
  it.each<[string, unknown, unknown]>([
    ['nothing', undefined, undefined],
    ['null', null, null],
    ['an empty text', '', ''],
    ['zero', 0, 0],
    ['an object', { id: 7, tags: ['a'] }, { id: 7, tags: ['a'] }],
    ['a date, as its text', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a field that is undefined, as none', { a: 1, b: undefined }, { a: 1 }],
    ['what is no number, as null', Number.NaN, null],
    ['what says itself how it is written', { toJSON: () => 'short' }, 'short'],
  ])('brings back %s', (_what, value, back) => {
    expect(decodeStepResult(encodeStepResult('charge', value))).toEqual(back);
  });

  it.each<[string, unknown, string]>([
    ['a function', () => 1, 'its result, a function, cannot be written as JSON'],
    ['a symbol', Symbol('x'), 'its result, a symbol, cannot be written as JSON'],
    ['a bigint', 1n, 'BigInt'],
    ['what contains itself', itself, 'circular'],
    [
      'what cannot be read',
      {
        get x() {
          throw new Error('no x');
        },
      },
      'no x',
    ],
  ])('cannot be %s, and says that the work is done', (_what, value, why) => {
    const encode = () => encodeStepResult('charge', value);

    expect(encode).toThrow(StepResultError);
    expect(encode).toThrow(why);
    expect(encode).toThrow("the step 'charge' has done its work");
  });
});
