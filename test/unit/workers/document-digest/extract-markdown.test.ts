import { describe, expect, it } from 'vitest';
import { extractMarkdown } from '../../../../workers/document-digest/extract-markdown.js';
import { FairShare } from '../../../../workers/document-digest/fair-share.js';
import { markdownSegments, splitFrontMatter } from '../../../../workers/document-digest/markdown-segments.js';

const extract = (source: string) => extractMarkdown(source, new FairShare(new AbortController().signal));
const textOf = async (source: string) => (await extract(source)).blocks.map(({ kind, text }) => `${kind}: ${text}`);

describe('extractMarkdown', () => {
  it.each([
    ['# A *b* `c`', ['heading: A b c']],
    ['Title\n=====\n\nText', ['heading: Title', 'prose: Text']],
    ['one\ntwo  \nthree', ['prose: one two three']],
    ['a [link](https://x.y "t") and ![a picture](p.png)', ['prose: a link and a picture']],
    ['[late]\n\n[late]: https://x.y', ['prose: late']],
    ['<https://example.org>', ['prose: https://example.org']],
    ['a &amp; b&nbsp;c &lt;d&gt; \\*e\\*', ['prose: a & b c <d> *e*']],
    ['returns `Promise<void>` always', ['prose: returns Promise<void> always']],
    ['a <b>bold</b> word<br>next', ['prose: a bold word next']],
    ['- one\n- two **b**\n  - three\n- [x] done', ['prose: one', 'prose: two b', 'prose: three', 'prose: done']],
    ['> quoted\n> text', ['prose: quoted text']],
    ['| a | b |\n|---|---|\n| c | d |', ['fragment: a', 'fragment: b', 'fragment: c', 'fragment: d']],
    ['before\n\n```js\ncode();\n```\n\nafter', ['prose: before', 'prose: after']],
    ['before\n\n~~~\n```\n~~~\n\nafter', ['prose: before', 'prose: after']],
    ['before\n\n    indented code\n\nafter', ['prose: before', 'prose: after']],
    ['- item\n\n  ```\n  code\n  ```', ['prose: item']],
    ['a\n\n---\n\nb', ['prose: a', 'prose: b']],
    ['<!-- hidden -->\n\nshown', ['prose: shown']],
    ['<div align="center">\n<h1>Logo</h1>\n<p>Text</p>\n</div>', ['heading: Logo', 'prose: Text']],
    ['~~gone~~', ['prose: gone']],
    ['', []],
  ])('reads %j', async (source, blocks) => {
    expect(await textOf(source)).toEqual(blocks);
  });

  it('finds the title in the front matter, else in the first heading', async () => {
    const [stated, headed, untitled] = await Promise.all([
      extract('---\ntitle: "In front"\ntags: [a]\n---\n# Heading\n'),
      extract('intro\n\n## Heading\n'),
      extract('no heading'),
    ]);

    expect([stated?.title, headed?.title, untitled?.title]).toEqual(['In front', 'Heading', undefined]);
    expect(stated?.blocks.map(({ text }) => text)).toEqual(['Heading']);
  });

  it('reads the rows of a table that is cut into segments as cells', async () => {
    const rows = Array.from({ length: 1_000 }, (_, row) => `| cell ${row} | other |`).join('\n');

    const { blocks } = await extract(`| a | b |\n|---|---|\n${rows}`);

    expect(blocks.filter(({ kind }) => kind !== 'fragment')).toEqual([]);
    expect(blocks.filter(({ text }) => text.startsWith('cell'))).toHaveLength(1_000);
  });

  it('goes on after text nested deeper than the stack', async () => {
    const { blocks } = await extract(`${'>'.repeat(100_000)}\n\nstill here`);

    expect(blocks.at(-1)).toEqual({ kind: 'prose', text: 'still here' });
  });
});

describe('markdownSegments', () => {
  it('gives a small document in one piece', () => {
    expect([...markdownSegments('a\n\nb')]).toEqual(['a\n\nb\n']);
  });

  it('loses nothing but code, and no segment is long', () => {
    const words = Array.from({ length: 20_000 }, (_, index) => `w${index}`);
    const source = words.map((word, index) => (index % 50 === 0 ? `${word}\n\n` : `${word} `)).join('');

    const segments = [...markdownSegments(source)];

    expect(segments.join(' ').match(/w\d+/g)).toEqual(words);
    expect(Math.max(...segments.map(({ length }) => length))).toBeLessThanOrEqual(6_145);
  });

  it('cuts a line without end', () => {
    const segments = [...markdownSegments('x'.repeat(20_000))];

    expect(segments.join('').replaceAll('\n', '')).toHaveLength(20_000);
    expect(Math.max(...segments.map(({ length }) => length))).toBeLessThanOrEqual(6_145);
  });
});

describe('splitFrontMatter', () => {
  it.each([
    ['---\ntitle: Plain\n---\nbody', { title: 'Plain', body: 'body' }],
    ["---\ntitle: 'Quoted: with colon'\n...\nbody", { title: 'Quoted: with colon', body: 'body' }],
    ['---\nauthor: somebody\n---\n', { title: undefined, body: '' }],
    ['---\nno end', { title: undefined, body: '---\nno end' }],
    ['text\n---\ntitle: late\n---\n', { title: undefined, body: 'text\n---\ntitle: late\n---\n' }],
  ])('reads %j', (source, expected) => {
    expect(splitFrontMatter(source)).toEqual(expected);
  });
});
