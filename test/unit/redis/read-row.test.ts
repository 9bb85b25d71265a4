import { describe, expect, it } from 'vitest';
import { readRow } from '../../../src/redis/read-row.js';

const shape = { waiting: Number, token: String, since: (word: unknown) => (word === -1 ? undefined : Number(word)) };

describe('readRow', () => {
  it('gives each word its name, and reads it as the shape says', () => {
    expect(readRow(['12', 'w1:7', -1], shape)).toEqual({ waiting: 12, token: 'w1:7', since: undefined });
  });

  it.each<[string, unknown]>([
    ['a word is missing', ['12', 'w1:7']],
    ['there is one too many', ['12', 'w1:7', -1, 'more']],
    ['it is no row at all', null],
  ])('says so when %s', (_what, raw) => {
    expect(() => readRow(raw, shape)).toThrow('expected 3 words');
  });
});
