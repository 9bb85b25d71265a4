import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatByteSize, parseByteSize } from '../../../src/config/byte-size.js';

describe('parseByteSize', () => {
  it.each([
    [0, 0],
    [4096, 4096],
    ['4096', 4096],
    ['512B', 512],
    ['64KiB', 65_536],
    [' 1 MiB ', 1_048_576],
    ['1.5MiB', 1_572_864],
    ['1GiB', 1_073_741_824],
  ])('reads %j as %i bytes', (input, bytes) => {
    expect(parseByteSize(input)).toBe(bytes);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '', '1MB', '1mib', '-1KiB', 'KiB', '1e3'])(
    'refuses %j',
    (input) => {
      expect(() => parseByteSize(input)).toThrow(RangeError);
    },
  );
});

describe('formatByteSize', () => {
  it.each([
    [0, '0B'],
    [1000, '1000B'],
    [65_536, '64KiB'],
    [1_572_864, '1536KiB'],
    [1_048_576, '1MiB'],
  ])('writes %i bytes as %j', (bytes, text) => {
    expect(formatByteSize(bytes)).toBe(text);
  });

  it('writes what parseByteSize reads back, for any size', () => {
    fc.assert(
      fc.property(fc.nat(), (bytes) => {
        expect(parseByteSize(formatByteSize(bytes))).toBe(bytes);
      }),
    );
  });
});
