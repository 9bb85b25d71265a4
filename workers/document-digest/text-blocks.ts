/**
 * - `heading`: names what follows.
 * - `prose`: sentences.
 * - `fragment`: a table cell or caption; its words count, but it is never quoted.
 */
export type BlockKind = 'heading' | 'prose' | 'fragment';

export interface TextBlock {
  readonly kind: BlockKind;
  readonly text: string;
}

/** What an extractor finds in a document. */
export interface ExtractedText {
  readonly title: string | undefined;
  /** The language the document says it is in, as a BCP 47 tag. */
  readonly language: string | undefined;
  readonly blocks: readonly TextBlock[];
  /** Whether text was left out because there is more than a digest needs. */
  readonly truncated: boolean;
}

/** As much text as 600 pages hold. What comes later changes a digest little and costs time in proportion. */
export const maxTextChars = 2_000_000;

/** Finding sentences takes time with the square of the length, so no block is longer. */
const maxBlockChars = 4_000;

/** Collects the blocks of a document: white space folded, long ones cut, and no more than `maxTextChars` in all. */
export class TextBlocks {
  readonly blocks: TextBlock[] = [];
  #chars = 0;
  #truncated = false;

  get truncated(): boolean {
    return this.#truncated;
  }

  get chars(): number {
    return this.#chars;
  }

  add(kind: BlockKind, text: string): void {
    for (const piece of cutLong(foldSpace(text), maxBlockChars)) {
      if (this.#chars + piece.length > maxTextChars) {
        this.#truncated = true;
        return;
      }
      this.#chars += piece.length;
      this.blocks.push({ kind, text: piece });
    }
  }

  /** Text was left out for a reason of the extractor's own. */
  markTruncated(): void {
    this.#truncated = true;
  }
}

/** One blank between words; without characters that are drawn as nothing (soft hyphens, zero-width blanks, controls). */
export function foldSpace(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\u00AD\u200B\u2060\uFEFF]/g, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

/** Cuts text that is longer than `maxChars`: where a sentence ends, else at a blank, else anywhere. */
export function* cutLong(text: string, maxChars: number): Generator<string> {
  let rest = text;
  while (rest.length > maxChars) {
    const window = rest.slice(0, maxChars);
    const sentenceEnd = Math.max(window.lastIndexOf('. '), window.lastIndexOf('? '), window.lastIndexOf('! ')) + 1;
    const end = [sentenceEnd, window.lastIndexOf(' ')].find((at) => at > maxChars / 2) ?? maxChars;
    yield rest.slice(0, end).trim();
    rest = rest.slice(end).trim();
  }
  if (rest !== '') yield rest;
}
