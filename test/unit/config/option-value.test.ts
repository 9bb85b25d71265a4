import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytes, choice, duration, flag, integer, list, type Option, orOff, text } from '../../../src/config/option.js';
import { optionEntries } from '../../../src/config/option-entries.js';
import {
  formatOptionValue,
  type OptionValue,
  parseOptionValue,
  showOptionValue,
} from '../../../src/config/option-value.js';

const doc = 'An option.';
const anyDuration = duration({ default: '1s', min: '100ms', max: '1h', doc });
const anyInteger = integer({ default: 10, min: -5, max: 100, doc });
const durationOrOff = orOff(anyDuration);
const integerOrOff = orOff(anyInteger);
const anyBytes = bytes({ default: '1KiB', min: '512B', max: '1MiB', doc });
const anyChoice = choice({ choices: ['json', 'pretty'], default: 'json', doc });
const anyFlag = flag({ default: false, doc });
const anyText = text({ default: 'a', expected: 'letters', accepts: (given) => /^[a-z]+$/.test(given), doc });
const shortList = list({ default: [], entries: 'letters', accepts: (entry) => entry.length === 1, doc });
const anyList = list({ default: [], entries: 'words', doc });

describe('parseOptionValue', () => {
  it.each<[Option, unknown, OptionValue]>([
    [anyDuration, 100, 100],
    [anyDuration, '100', 100],
    [anyDuration, '1h', 3_600_000],
    [anyDuration, ' 1.5s ', 1500],
    [anyInteger, -5, -5],
    [anyInteger, 100, 100],
    [anyInteger, ' 42 ', 42],
    [durationOrOff, false, false],
    [durationOrOff, ' false ', false],
    [durationOrOff, '1h', 3_600_000],
    [integerOrOff, 'false', false],
    [integerOrOff, 42, 42],
    [anyBytes, 512, 512],
    [anyBytes, '1MiB', 1_048_576],
    [anyChoice, 'pretty', 'pretty'],
    [anyChoice, ' pretty ', 'pretty'],
    [anyFlag, true, true],
    [anyFlag, 'true', true],
    [anyFlag, false, false],
    [anyFlag, ' false ', false],
    [anyText, 'abc', 'abc'],
    [anyText, ' abc\n', 'abc'],
    [anyList, ['a', ' b '], ['a', 'b']],
    [anyList, 'a, b,,c,', ['a', 'b', 'c']],
    [anyList, '', []],
    [anyList, [], []],
  ])('reads as $0.kind: %j', (option, input, value) => {
    expect(parseOptionValue(option, input)).toEqual(value);
  });

  it.each<[Option, unknown]>([
    [anyDuration, 99],
    [anyDuration, '2h'],
    [anyDuration, '-1s'],
    [anyDuration, 'soon'],
    [anyDuration, ''],
    [anyDuration, Number.NaN],
    [anyDuration, Number.POSITIVE_INFINITY],
    [anyDuration, null],
    [anyDuration, ['1s']],
    [anyDuration, false],
    [anyInteger, 'false'],
    [durationOrOff, true],
    [durationOrOff, 99],
    [anyInteger, -6],
    [anyInteger, 101],
    [anyInteger, 1.5],
    [anyInteger, '1.5'],
    [anyInteger, '1e1'],
    [anyInteger, '0x10'],
    [anyInteger, ''],
    [anyInteger, true],
    [anyInteger, 10n],
    [anyBytes, 511],
    [anyBytes, '2MiB'],
    [anyBytes, '1MB'],
    [anyBytes, {}],
    [anyChoice, 'xml'],
    [anyChoice, 'JSON'],
    [anyChoice, 1],
    [anyFlag, 'yes'],
    [anyFlag, 1],
    [anyFlag, 'TRUE'],
    [anyFlag, null],
    [anyText, ''],
    [anyText, 'a1'],
    [anyText, 7],
    [anyList, [1]],
    [anyList, 7],
    [anyList, null],
    [shortList, 'a,bc'],
  ])('refuses as $0.kind: %s', (option, input) => {
    expect(parseOptionValue(option, input)).toBeUndefined();
  });

  it('gives a list that nobody can change', () => {
    expect(parseOptionValue(anyList, ['a'])).toSatisfy(Object.isFrozen);
  });
});

describe('formatOptionValue', () => {
  it.each<[Option, OptionValue, string]>([
    [anyDuration, 90_000, '1.5m'],
    [anyDuration, 90_001, '90001ms'],
    [anyBytes, 1_048_576, '1MiB'],
    [anyInteger, 10_000, '10000'],
    [anyFlag, true, 'true'],
    [anyList, ['a', 'b'], 'a,b'],
  ])('writes as $0.kind: %j as %j', (option, value, written) => {
    expect(formatOptionValue(option, value)).toBe(written);
  });

  it('writes what parseOptionValue reads back, for any number within the limits of any option', () => {
    const numbers = optionEntries.map(({ option }) => option).filter((option) => 'min' in option);

    fc.assert(
      fc.property(
        fc.constantFrom(...numbers).chain((option) => fc.tuple(fc.constant(option), fc.integer(option))),
        ([option, value]) => {
          expect(parseOptionValue(option, formatOptionValue(option, value))).toBe(value);
        },
      ),
    );
  });
});

describe('showOptionValue', () => {
  it('masks what the option wants masked', () => {
    const secret = text({ default: '', expected: 'any text', accepts: () => true, mask: () => '***', doc });

    expect(showOptionValue(secret, 'open sesame')).toBe('***');
    expect(showOptionValue(anyText, 'open')).toBe('open');
  });
});
