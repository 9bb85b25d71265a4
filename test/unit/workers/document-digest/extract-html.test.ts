import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { extractHtml } from '../../../../workers/document-digest/extract-html.js';
import { FairShare } from '../../../../workers/document-digest/fair-share.js';

const extract = (source: string) => extractHtml(source, new FairShare(new AbortController().signal));
const textOf = async (source: string) => (await extract(source)).blocks.map(({ kind, text }) => `${kind}: ${text}`);

describe('extractHtml', () => {
  it('reads the main part of a page and leaves menus, code and hidden text out', async () => {
    const page = await readFile(new URL('../../../fixtures/workers/tide-tables.html', import.meta.url), 'utf8');

    const { title, language, blocks, truncated } = await extract(page);

    expect({ title, language, truncated }).toEqual({
      title: 'Tide tables – Harbour office',
      language: 'en-GB',
      truncated: false,
    });
    expect(blocks.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      'heading: Tide tables',
      'prose: The harbour office measures the tide every ten minutes.',
      'prose: Margaret Holloway has read the gauges since 1998, and she keeps the longest series on the coast.',
      'fragment: Station',
      'fragment: Grimsby',
      'prose: High water comes twice a day; the office warns the lock keepers when it will be higher than the tables say.',
    ]);
  });

  it.each([
    ['<p>a<p>b', ['prose: a', 'prose: b']],
    ['<ul><li>a<li>b</ul>', ['prose: a', 'prose: b']],
    ['a<b>b</b>c <i> d </i>e', ['prose: abc d e']],
    ['<p>a &lt;b&gt; &amp; &#99;&hellip;', ['prose: a <b> & c…']],
    ['<div>a<div>b</div>c</div>', ['prose: a', 'prose: b', 'prose: c']],
    ['<script>x</script><style>y</style><noscript>n</noscript><p>text', ['prose: text']],
    ['<svg><title>icon</title><text>t</text></svg><p>text', ['prose: text']],
    ['<p>text<nav>menu</nav><form>f</form><div role="navigation">m</div>', ['prose: text']],
    ['<nav>only a menu</nav>', ['prose: only a menu']],
    ['<pre>a whole page\nof plain text</pre>', ['prose: a whole page of plain text']],
    ['<main>short</main><p>the page', ['prose: short', 'prose: the page']],
    ['', []],
  ])('reads %j', async (source, blocks) => {
    expect(await textOf(source)).toEqual(blocks);
  });

  it.each([
    ['<title> In the\nhead </title><h1>Body</h1>', 'In the head'],
    ['<meta property="og:title" content="Social"><h1>Body</h1>', 'Social'],
    ['<p>text</p><h2>Body</h2>', 'Body'],
    ['<p>text</p>', undefined],
  ])('finds the title of %j', async (source, title) => {
    expect((await extract(source)).title).toBe(title);
  });

  it('stops reading where no person nests elements', async () => {
    const { blocks, truncated } = await extract(`<p>before</p>${'<div>'.repeat(200_000)}after`);

    expect(blocks).toEqual([{ kind: 'prose', text: 'before' }]);
    expect(truncated).toBe(true);
  });
});
