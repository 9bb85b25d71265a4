import { expect, it } from 'vitest';
import { GuessLimit } from '../../../src/board/guess-limit.js';

it('lets an address guess five times in a minute, and others meanwhile', () => {
  const limit = new GuessLimit();
  for (let second = 0; second < 4; second++) limit.miss('a', 1_000 * second);

  expect(limit.waitMs('a', 4_000)).toBe(0);
  limit.miss('a', 4_000);

  expect(limit.waitMs('a', 5_000)).toBe(55_000);
  expect(limit.waitMs('b', 5_000)).toBe(0);
  expect(limit.waitMs('a', 60_000)).toBe(0);
});

it('counts anew after a minute', () => {
  const limit = new GuessLimit();
  for (let n = 0; n < 4; n++) limit.miss('a', 0);

  limit.miss('a', 60_000);

  expect(limit.waitMs('a', 60_000)).toBe(0);
});

it('remembers no more than a thousand addresses, and forgets the oldest', () => {
  const limit = new GuessLimit();
  for (let n = 0; n < 5; n++) limit.miss('first', 0);

  for (let n = 0; n < 1_000; n++) limit.miss(`address-${n}`, 1);

  expect(limit.waitMs('first', 2)).toBe(0);
});
