import { describe, expect, it } from 'vitest';
import { FairShare } from '../../../../workers/document-digest/fair-share.js';
import { detectLanguage } from '../../../../workers/document-digest/language.js';
import { rankSentences } from '../../../../workers/document-digest/rank-sentences.js';
import { readSentences } from '../../../../workers/document-digest/sentences.js';
import type { TextBlock } from '../../../../workers/document-digest/text-blocks.js';

const { stopWords } = detectLanguage('this is all that the text of the document is about');

async function summaryOf(blocks: readonly TextBlock[], limit: number) {
  const share = new FairShare(new AbortController().signal);
  return rankSentences(await readSentences(blocks, 'en', share), stopWords, limit, share);
}

const prose = (text: string): TextBlock => ({ kind: 'prose', text });

const tides = [
  prose('The harbour office measures the tide at the harbour gate. Lunch is served at noon in the canteen upstairs.'),
  prose('The tide at the harbour gate rises twice a day. When the tide rises, the harbour office warns the keepers.'),
  prose('The keepers close the harbour gate before the tide comes in. Somebody painted the canteen green last summer.'),
];

describe('rankSentences', () => {
  it('chooses what the document is about, in its order', async () => {
    const summary = await summaryOf(tides, 2);

    expect(summary).toHaveLength(2);
    expect(summary[0]).toBe('The harbour office measures the tide at the harbour gate.');
    expect(summary.join(' ')).not.toMatch(/Lunch|green/);
  });

  it('gives the same sentences for the same document', async () => {
    expect(await summaryOf(tides, 3)).toEqual(await summaryOf(tides, 3));
  });

  it('says nothing twice', async () => {
    const summary = await summaryOf([...tides, ...tides], 3);

    expect(new Set(summary).size).toBe(summary.length);
  });

  it('gives all there is when less than asked for is there', async () => {
    expect(await summaryOf([prose('A single sentence about the harbour.')], 5)).toEqual([
      'A single sentence about the harbour.',
    ]);
  });

  it('quotes no headings, cells, formulas or fragments while there are sentences', async () => {
    const summary = await summaryOf(
      [
        { kind: 'heading', text: 'The tide at the harbour gate and more' },
        { kind: 'fragment', text: 'The tide at the harbour gate in a cell' },
        prose('Too short. 12 + 30 = 42 / 7 % 3 ^ 2 + 11. The tide at the harbour gate is high.'),
      ],
      5,
    );

    expect(summary).toEqual(['The tide at the harbour gate is high.']);
  });

  it('quotes headings when a document has nothing else', async () => {
    expect(await summaryOf([{ kind: 'heading', text: 'Tides' }], 5)).toEqual(['Tides']);
  });

  it('finds the point of a long document among its first hundreds of sentences and its last', async () => {
    const filler = Array.from({ length: 1_000 }, (_, index) =>
      prose(`Sentence number ${index} speaks of subject${index} and matter${index} alone.`),
    );

    const summary = await summaryOf([...filler, ...tides], 1);

    expect(summary.join()).toMatch(/tide|Sentence/);
    expect(summary).toHaveLength(1);
  });

  it('says nothing of nothing', async () => {
    expect(await summaryOf([], 5)).toEqual([]);
  });
});
