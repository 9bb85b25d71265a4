import { expect, it } from 'vitest';
import { reasonAdvice } from '../../../src/dead-letter/reason-advice.js';
import { deadLetterReasons } from '../../../src/job/outcome.js';

it.each([...deadLetterReasons, 'unknown' as const])('says in one short line what to do about %s', (reason) => {
  const { hint } = reasonAdvice[reason];

  expect(hint).toMatch(/^[a-z].*[^.]$/);
  expect(hint.length).toBeLessThanOrEqual(100);
});
