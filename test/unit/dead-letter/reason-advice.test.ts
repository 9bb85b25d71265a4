import { expect, it } from 'vitest';
import { adviceOn, type ReasonClass } from '../../../src/dead-letter/reason-advice.js';
import type { LetterReason } from '../../../src/dead-letter/record.js';
import { deadLetterReasons } from '../../../src/job/outcome.js';
import { aLetter } from './letter-summary.js';

it.each([...deadLetterReasons, 'unknown' as const])('says in one short line what to do about %s', (reason) => {
  const { hint } = adviceOn(aLetter({ reason }));

  expect(hint).toMatch(/^[a-z].*[^.]$/);
  expect(hint.length).toBeLessThanOrEqual(100);
});

it.each<[LetterReason, object, ReasonClass]>([
  ['attempts_exhausted', { name: 'Error', code: 'ECONNREFUSED' }, 'redrive'],
  ['attempts_exhausted', { name: 'TypeError' }, 'fix'],
  ['attempts_exhausted', { name: 'TypeError', code: 'ECONNREFUSED' }, 'redrive'],
  ['permanent_error', { name: 'PermanentError' }, 'fix'],
  ['business_error', { name: 'BusinessError' }, 'expected'],
  ['unknown', { name: 'TypeError' }, 'unknown'],
])('a letter that died of %s with %j asks for: %s', (reason, error, expected) => {
  expect(adviceOn(aLetter({ reason, error })).class).toBe(expected);
});
