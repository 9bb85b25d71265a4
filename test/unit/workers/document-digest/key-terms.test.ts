import { describe, expect, it } from 'vitest';
import { FairShare } from '../../../../workers/document-digest/fair-share.js';
import { findKeyTerms } from '../../../../workers/document-digest/key-terms.js';
import { detectLanguage } from '../../../../workers/document-digest/language.js';
import { readSentences } from '../../../../workers/document-digest/sentences.js';

const english = detectLanguage('this is all that the text of the document is about');

async function termsOf(text: string, { language = english, limit = 10 } = {}) {
  const share = new FairShare(new AbortController().signal);
  const sentences = await readSentences([{ kind: 'prose', text }], language.tag, share);
  return findKeyTerms(sentences, language, limit, share);
}

const lighthouse =
  'The lighthouse keeper lit the lamp. A dead letter queue is not a lighthouse keeper. Every lighthouse keeper knows Skerryvore. The keepers of Skerryvore left, and the lamp of Skerryvore went out.';

describe('findKeyTerms', () => {
  it('prefers the phrase that comes again to its words', async () => {
    const terms = await termsOf(lighthouse);

    expect(terms[0]).toEqual({ term: 'lighthouse keeper', count: 3, score: 1 });
    expect(terms.map(({ term }) => term)).not.toContain('keeper');
    expect(terms.map(({ term }) => term)).toContain('Skerryvore');
  });

  it('takes a singular and its plural for one term', async () => {
    const terms = await termsOf('Breakers open. A breaker closes. Breakers trip and a breaker waits.');

    expect(terms.filter(({ term }) => /breaker/i.test(term))).toHaveLength(1);
  });

  it('finds no term in stop words, numbers and single letters', async () => {
    expect(await termsOf('It is what it is, and 42 is x of 7 ms.')).toEqual([]);
  });

  it('does not join words over a comma', async () => {
    const terms = await termsOf('Redis, Lua. Redis, Lua. Redis, Lua.');

    expect(terms.map(({ term }) => term).sort()).toEqual(['Lua', 'Redis']);
  });

  it('writes a term as the document mostly does', async () => {
    const terms = await termsOf('The GitHub page. A github site. Our GitHub wiki.');

    expect(terms.map(({ term }) => term)).toContain('GitHub');
  });

  it('puts the words of a term together where the language has no blanks', async () => {
    const terms = await termsOf('工作进程保存结果。工作进程处理文档。', {
      language: detectLanguage('工作进程处理文档'),
    });

    expect(terms[0]?.term).toMatch(/^工作进程/);
  });

  it('gives the same terms for the same text, and no more than asked for', async () => {
    const [first, second] = [await termsOf(lighthouse, { limit: 3 }), await termsOf(lighthouse, { limit: 3 })];

    expect(first).toEqual(second);
    expect(first).toHaveLength(3);
  });

  it('finds nothing in nothing', async () => {
    expect(await termsOf('')).toEqual([]);
  });
});
