import { expect, it } from 'vitest';
import { cut, lineOf, plain, widthOf } from '../../../../src/cli/top/line.js';

const marked = (format: unknown, text: string): string => `<${String(format)}>${text}</>`;

it.each([
  ['email', 5],
  ['größe', 5],
  ['e\u0301', 1],
  ['待ち', 4],
  ['🔥', 2],
  ['', 0],
])('%j takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

it.each([
  ['email', 5, 'email'],
  ['emails', 5, 'emai…'],
  ['待ち行列', 5, '待ち…'],
  ['待ち行列', 4, '待…'],
  ['email', 1, '…'],
  ['email', 0, ''],
])('cuts %j to %i columns as %j', (text, width, kept) => {
  expect(cut(text, width)).toBe(kept);
});

it('marks pieces, cuts what is beyond the width, and knows how wide it is', () => {
  expect(lineOf([{ text: 'abc', format: 'red' }, { text: 'defgh' }, { text: 'ij' }], 6, marked)).toEqual({
    text: '<red>abc</>de…',
    width: 6,
  });
});

it('takes out what would play with the terminal', () => {
  expect(plain('a\u001b[2Jb\r\n\tc\u202ed\u0007')).toBe('ab  cd');
});
