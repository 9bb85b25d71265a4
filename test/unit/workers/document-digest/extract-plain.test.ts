import { describe, expect, it } from 'vitest';
import { extractPlain } from '../../../../workers/document-digest/extract-plain.js';
import { FairShare } from '../../../../workers/document-digest/fair-share.js';

const textOf = async (source: string) =>
  (await extractPlain(source, new FairShare(new AbortController().signal))).blocks.map(({ text }) => text);

describe('extractPlain', () => {
  it.each([
    ['one\ntwo\n\nthree', ['one two', 'three']],
    ['one\n \t \ntwo', ['one', 'two']],
    ['\n\n', []],
    ['', []],
  ])('reads the paragraphs of %j', async (source, paragraphs) => {
    expect(await textOf(source)).toEqual(paragraphs);
  });

  it('loses no word of a line without end', async () => {
    const words = Array.from({ length: 100_000 }, (_, index) => `w${index}`);

    const paragraphs = await textOf(words.join(' '));

    expect(paragraphs.join(' ').split(' ')).toEqual(words);
  });
});
