import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/time/duration.js';

describe('parseDuration', () => {
  it.each<[number | string, number, string]>([
    [0, 0, 'nothing'],
    [1500, 1500, 'a number counts milliseconds'],
    [1.6, 2, 'a fraction of a millisecond is rounded'],
    ['250ms', 250, 'milliseconds'],
    ['30s', 30_000, 'seconds'],
    ['5m', 300_000, 'minutes'],
    ['1h', 3_600_000, 'hours'],
    ['7d', 604_800_000, 'days'],
    ['1.5s', 1500, 'a fraction of a unit'],
    [' 30 s ', 30_000, 'blanks around number and unit'],
    ['1500', 1500, 'digits alone, as the environment gives them'],
    ['0s', 0, 'nothing, with a unit'],
  ])('reads %j as %d ms: %s', (input, expected, _what) => {
    expect(parseDuration(input)).toBe(expected);
  });

  it.each<{ readonly input: number | string; readonly what: string }>([
    { input: -1, what: 'below zero' },
    { input: Number.NaN, what: 'no number' },
    { input: Number.POSITIVE_INFINITY, what: 'without end' },
    { input: '', what: 'nothing' },
    { input: 'soon', what: 'a word' },
    { input: '-5s', what: 'below zero, with a unit' },
    { input: '5 weeks', what: 'an unknown unit' },
    { input: '1h30m', what: 'two units' },
    { input: '5S', what: 'a unit in another case' },
    { input: '1e3', what: 'an exponent' },
    { input: '9'.repeat(400), what: 'more digits than a number holds' },
    { input: `${'9'.repeat(400)}d`, what: 'more days than a number holds' },
  ])('refuses what is $what', ({ input }) => {
    expect(() => parseDuration(input)).toThrow(RangeError);
  });

  it('says what it expected and what it got', () => {
    expect(() => parseDuration('soon')).toThrow(
      `expected a duration such as 1500 (milliseconds), '30s', '5m' or '1h', got "soon"`,
    );
  });
});

describe('formatDuration', () => {
  it.each<[number, string]>([
    [0, '0ms'],
    [250, '250ms'],
    [0.4, '0ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [59_000, '59s'],
    [60_000, '1m'],
    [90_000, '1.5m'],
    [3_600_000, '1h'],
    [86_400_000, '1d'],
    [7 * 86_400_000, '7d'],
  ])('writes %d ms as %s', (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });
});
