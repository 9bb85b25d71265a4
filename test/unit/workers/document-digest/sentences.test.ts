import { describe, expect, it } from 'vitest';
import { FairShare } from '../../../../workers/document-digest/fair-share.js';
import { createWordSplitter, joinAbbreviations, readSentences } from '../../../../workers/document-digest/sentences.js';

describe('readSentences', () => {
  it.each([
    [
      'en',
      'Dr. Smith met J. Jones, e.g. in London. It rained! Did it?',
      ['Dr. Smith met J. Jones, e.g. in London.', 'It rained!', 'Did it?'],
    ],
    ['de', 'Das gilt z. B. Für Hr. Maier. Und für alle.', ['Das gilt z. B. Für Hr. Maier.', 'Und für alle.']],
    ['ja', '雨が降る。風が吹く。', ['雨が降る。', '風が吹く。']],
    ['und', 'One. Two.', ['One.', 'Two.']],
  ])('splits %s', async (language, text, sentences) => {
    const share = new FairShare(new AbortController().signal);

    const read = await readSentences([{ kind: 'prose', text }], language, share);

    expect(read.map((sentence) => sentence.text)).toEqual(sentences);
  });
});

describe('joinAbbreviations', () => {
  it('keeps what follows an abbreviation at the very end', () => {
    expect(joinAbbreviations(['Ask Dr. '])).toEqual(['Ask Dr.']);
  });
});

describe('createWordSplitter', () => {
  const wordsOf = (language: string, text: string) => createWordSplitter(language)(text).map((word) => word.text);

  it.each([
    [
      'en',
      "Node.js doesn't re-run user_name's job no. 7.",
      ['Node.js', "doesn't", 're-run', 'user_name', 'job', 'no', '7'],
    ],
    ['en', 'see https://example.org/a?b=c and www.example.org today', ['see', 'and', 'today']],
    ['de', 'Größe (übrigens) – süß', ['Größe', 'übrigens', 'süß']],
    ['zh', '工作进程保存结果。', ['工作', '进程', '保存', '结果']],
    ['en', '', []],
  ])('finds the words of %s "%s"', (language, text, words) => {
    expect(wordsOf(language, text)).toEqual(words);
  });

  it('knows which words may form one term', () => {
    const joins = createWordSplitter('en')('dead letter, queue (kept)').map(({ joinsPrevious }) => joinsPrevious);

    expect(joins).toEqual([false, true, false, false]);
  });
});
