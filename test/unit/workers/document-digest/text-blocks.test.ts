import { describe, expect, it } from 'vitest';
import { cutLong, foldSpace, maxTextChars, TextBlocks } from '../../../../workers/document-digest/text-blocks.js';

describe('foldSpace', () => {
  it('leaves one blank between words and nothing that is not seen', () => {
    expect(foldSpace(' a\t\n b\u00a0c\u00add\u200b\ufeff e\u0007 ')).toBe('a b cd e');
  });

  it('writes a letter with its accent as one character', () => {
    expect(foldSpace('u\u0308')).toBe('ü');
  });
});

describe('cutLong', () => {
  it.each([
    ['short', 10, ['short']],
    ['', 10, []],
    ['One two. Three four', 12, ['One two.', 'Three four']],
    ['one two three four', 10, ['one two', 'three four']],
    ['abcdefghij', 4, ['abcd', 'efgh', 'ij']],
  ])('cuts %j to at most %i characters', (text, maxChars, pieces) => {
    expect([...cutLong(text, maxChars)]).toEqual(pieces);
  });
});

describe('TextBlocks', () => {
  it('leaves empty text out', () => {
    const blocks = new TextBlocks();

    blocks.add('prose', ' \n ');

    expect(blocks.blocks).toEqual([]);
  });

  it('stops at its limit and says so', () => {
    const blocks = new TextBlocks();

    for (let count = 0; count < 1_000; count++) blocks.add('prose', 'word '.repeat(1_000));

    const chars = blocks.blocks.reduce((sum, { text }) => sum + text.length, 0);
    expect(chars).toBeLessThanOrEqual(maxTextChars);
    expect(blocks.truncated).toBe(true);
  });
});
