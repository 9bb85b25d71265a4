import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../../../workers/outbound/retry-after.js';

const now = Date.parse('2026-03-04T05:06:07Z');

describe('parseRetryAfter', () => {
  it.each([
    ['120', 120_000, 'seconds'],
    ['0', 0, 'at once'],
    [' 5 ', 5_000, 'seconds with blanks around'],
    ['Wed, 04 Mar 2026 05:07:07 GMT', 60_000, 'an HTTP date'],
    ['Wednesday, 04-Mar-26 05:06:17 GMT', 10_000, 'an HTTP date in the old form'],
    ['Wed, 04 Mar 2026 05:00:00 GMT', 0, 'a date that has passed'],
    ['99999999999', 86_400_000, 'longer than a day'],
    ['Wed, 04 Mar 2099 05:00:00 GMT', 86_400_000, 'a date beyond a day'],
    [undefined, undefined, 'no header'],
    ['', undefined, 'an empty header'],
    ['soon', undefined, 'a word'],
    ['-5', undefined, 'a negative number'],
    ['1.5', undefined, 'a fraction'],
    ['2027', 2_027_000, 'seconds, not a year'],
  ])('reads %j as %j ms: %s', (header, expected, _what) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });

  it('reads the first of several headers', () => {
    expect(parseRetryAfter(['3', '9'], now)).toBe(3_000);
  });
});
