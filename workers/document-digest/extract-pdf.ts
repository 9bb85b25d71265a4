import { PermanentError } from 'bulwark';
import { getDocumentProxy } from 'unpdf';
import type { FairShare } from './fair-share.js';
import { type ExtractedText, foldSpace, type TextBlock, TextBlocks } from './text-blocks.js';

/** More pages than this are an archive, not a document. */
const maxPages = 2_000;

/**
 * Reads the text of a PDF, page by page. A scan has none: its pages are pictures.
 *
 * @throws PermanentError when the bytes are no PDF, or it is locked by a password.
 */
export async function extractPdf(bytes: Uint8Array, share: FairShare): Promise<ExtractedText> {
  const pdf = await openPdf(bytes);
  try {
    const found = new TextBlocks();
    for (let number = 1; number <= Math.min(pdf.numPages, maxPages) && !found.truncated; number++) {
      const page = await pdf.getPage(number);
      const { items } = await page.getTextContent();
      for (const { kind, text } of blocksOf(items.filter((item) => 'str' in item))) found.add(kind, text);
      page.cleanup();
      await share.step();
    }
    if (pdf.numPages > maxPages) found.markTruncated();
    return {
      title: titleOf(await pdf.getMetadata()) ?? found.blocks.find(({ kind }) => kind === 'heading')?.text,
      language: undefined,
      blocks: found.blocks,
      truncated: found.truncated,
    };
  } finally {
    await pdf.loadingTask.destroy();
  }
}

async function openPdf(bytes: Uint8Array): ReturnType<typeof getDocumentProxy> {
  try {
    // A copy, because the reader takes the memory over.
    return await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === 'PasswordException') {
      throw new PermanentError('the PDF is locked by a password; store an unlocked copy', { cause: error });
    }
    throw new PermanentError(`the PDF cannot be read: ${error.message}`, { cause: error });
  }
}

/** A piece of text as PDF knows it: a run of characters at a place on the page. */
export interface TextRun {
  readonly str: string;
  readonly hasEOL: boolean;
  /** Affine matrix; its last element is the height of the base line above the bottom of the page. */
  readonly transform: readonly number[];
  /** Size of the letters, in the page's units. */
  readonly height: number;
}

interface Line {
  readonly y: number;
  readonly height: number;
}

/**
 * Finds the paragraphs of a page. Pure. PDF knows runs of characters alone: a gap wider than a line and a half, or a change
 * of size, parts paragraphs; letters larger than most of the page make a heading; a word divided at the end of a line is
 * joined again.
 */
export function blocksOf(runs: readonly TextRun[]): TextBlock[] {
  const bodyHeight = commonHeight(runs);
  const blocks: TextBlock[] = [];
  let text = '';
  let line: Line | undefined;
  const flush = () => {
    if (text.trim() !== '' && line) blocks.push({ kind: line.height > bodyHeight * 1.15 ? 'heading' : 'prose', text });
    text = '';
  };
  for (const { str, hasEOL, transform, height } of runs) {
    if (str.trim() !== '') {
      const next = { y: transform[5] ?? 0, height };
      if (line && startsBlock(line, next)) flush();
      line = next;
    }
    text = joinRun(text, str);
    if (hasEOL) text += '\n';
  }
  flush();
  return blocks.map((block) => ({ ...block, text: foldSpace(block.text) }));
}

function startsBlock(line: Line, next: Line): boolean {
  const gap = Math.abs(line.y - next.y);
  const size = Math.max(line.height, next.height);
  const isOtherSize = gap > 0 && Math.abs(line.height - next.height) > size * 0.15;
  return gap > size * 1.75 || isOtherSize;
}

/** The size in which most of the page's characters are set. */
function commonHeight(runs: readonly TextRun[]): number {
  const charsByHeight = new Map<number, number>();
  for (const { str, height } of runs) charsByHeight.set(height, (charsByHeight.get(height) ?? 0) + str.trim().length);
  const [common] = [...charsByHeight].sort(([, a], [, b]) => b - a);
  return common?.[0] ?? 0;
}

function joinRun(text: string, run: string): string {
  const divided = /(\p{L})-\n$/u.exec(text);
  return divided && /^\p{Ll}/u.test(run) ? text.slice(0, -2) + run : text + run;
}

function titleOf({ info }: { readonly info: object }): string | undefined {
  const title = 'Title' in info && typeof info.Title === 'string' ? foldSpace(info.Title) : '';
  return title === '' ? undefined : title;
}
