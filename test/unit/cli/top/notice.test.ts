import { expect, it } from 'vitest';
import { noticeOf } from '../../../../src/cli/top/live-view.js';

const freshMs = 2_500;

it.each<[string, number, boolean, unknown, string | undefined]>([
  ['says nothing while it is fresh', 900, false, undefined, undefined],
  ['says nothing of one failure that a fresh picture followed', 2_500, false, new Error('x'), undefined],
  ['says that it is old', 12_000, false, undefined, 'Redis does not answer: this is how it was 12s ago'],
  [
    'says why, where that is known',
    12_000,
    false,
    new Error('connect ECONNREFUSED'),
    'Redis does not answer: this is how it was 12s ago (connect ECONNREFUSED)',
  ],
  ['says that it is paused, however old it is', 60_000, true, new Error('x'), 'paused: this is how it was 1m ago'],
])('%s', (_title, ageMs, paused, failure, notice) => {
  expect(noticeOf({ ageMs, freshMs }, paused, failure)).toBe(notice);
});
