import { readFile } from 'node:fs/promises';
import { PermanentError } from 'bulwark';
import { describe, expect, it } from 'vitest';
import { blocksOf, extractPdf, type TextRun } from '../../../../workers/document-digest/extract-pdf.js';
import { FairShare } from '../../../../workers/document-digest/fair-share.js';

const fixture = (name: string) => readFile(new URL(`../../../fixtures/workers/${name}`, import.meta.url));
const extract = (bytes: Uint8Array) => extractPdf(bytes, new FairShare(new AbortController().signal));

describe('extractPdf', () => {
  it('reads title, headings and paragraphs over the pages', async () => {
    const text = await extract(await fixture('tide-tables.pdf'));

    expect(text).toEqual({
      title: 'Tide tables of Grimsby harbour',
      language: undefined,
      truncated: false,
      blocks: [
        { kind: 'heading', text: 'Tide tables of Grimsby harbour' },
        {
          kind: 'prose',
          text: 'The harbour office of Grimsby measures the tide every ten minutes. Margaret Holloway has read the gauges since 1998, and she keeps the longest series on the coast of Lincolnshire.',
        },
        {
          kind: 'prose',
          text: 'High water comes twice a day. The office in London compares each reading with the prediction and warns the lock keepers when the difference exceeds thirty centimetres.',
        },
        {
          kind: 'prose',
          text: 'The second page holds the warnings. On 3 March the surge reached Hull before the warning did, and the lock keepers closed the gates by hand.',
        },
      ],
    });
  });

  it('finds no text where there is none', async () => {
    expect((await extract(await fixture('blank.pdf'))).blocks).toEqual([]);
  });

  it.each([
    ['a locked one', () => fixture('locked.pdf'), 'the PDF is locked by a password; store an unlocked copy'],
    ['a broken one', async () => Buffer.from('%PDF-1.7 and no more'), 'the PDF cannot be read: Invalid PDF structure'],
  ])('refuses %s for good', async (_what, bytes, message) => {
    const extracting = extract(await bytes());

    await expect(extracting).rejects.toBeInstanceOf(PermanentError);
    await expect(extracting).rejects.toThrow(message);
  });

  it('leaves the bytes it was given untouched', async () => {
    const bytes = await fixture('tide-tables.pdf');
    const before = Buffer.from(bytes);

    await extract(bytes);

    expect(bytes.equals(before)).toBe(true);
  });
});

describe('blocksOf', () => {
  const run = (str: string, y: number, height = 10): TextRun => ({
    str,
    hasEOL: true,
    transform: [height, 0, 0, height, 50, y],
    height,
  });

  it('joins lines and words divided between them', () => {
    expect(blocksOf([run('The light-', 700), run('house and the well-', 688), run('Known reef.', 676)])).toEqual([
      { kind: 'prose', text: 'The lighthouse and the well- Known reef.' },
    ]);
  });

  it('parts paragraphs at a gap and headings at a change of size', () => {
    const runs = [run('Heading', 740, 16), run('first one', 720), run('goes on', 708), run('second', 684)];

    expect(blocksOf(runs)).toEqual([
      { kind: 'heading', text: 'Heading' },
      { kind: 'prose', text: 'first one goes on' },
      { kind: 'prose', text: 'second' },
    ]);
  });
});
