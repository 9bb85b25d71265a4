import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../../src/retry/retry-after.js';
import type { EpochMs } from '../../../src/time/duration.js';

const now = Date.parse('2026-03-04T05:06:07Z') as EpochMs;
const dayMs = 86_400_000;

describe('parseRetryAfter', () => {
  it.each<[string, unknown, number]>([
    ['seconds', '120', 120_000],
    ['nothing to wait', '0', 0],
    ['blanks around the number', ' 5 ', 5_000],
    ['a number that somebody has parsed already', 30, 30_000],
    ['an HTTP date', 'Wed, 04 Mar 2026 05:07:07 GMT', 60_000],
    ['an HTTP date in the form of RFC 850', 'Wednesday, 04-Mar-26 05:06:17 GMT', 10_000],
    ['a date that has passed', 'Wed, 04 Mar 2026 05:00:00 GMT', 0],
    ['seconds that look like a year', '2027', 2_027_000],
    ['more seconds than a day has', '99999999999', dayMs],
    ['more seconds than a number holds', '9'.repeat(400), dayMs],
    ['a date beyond a day', 'Wed, 04 Mar 2099 05:00:00 GMT', dayMs],
  ])('reads %s', (_what, header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['no header', undefined],
    ['null', null],
    ['an empty one', ''],
    ['a word', 'soon'],
    ['a negative number', '-5'],
    ['a fraction, which is no date either', '1.5'],
    ['a word and a number, which is no date either', 'try 12'],
    ['no number', Number.NaN],
    ['an object', { seconds: 5 }],
    ['a list', ['5']],
  ])('makes nothing of %s', (_what, header) => {
    expect(parseRetryAfter(header, now)).toBeUndefined();
  });
});
