import type { FairShare } from './fair-share.js';
import type { BlockKind, TextBlock } from './text-blocks.js';

/** A word of a sentence. */
export interface Word {
  readonly text: string;
  /** In lower case, as it is counted and compared. */
  readonly key: string;
  /** Whether nothing but a blank parts it from the word before, so that both may belong to one term. */
  readonly joinsPrevious: boolean;
}

export interface Sentence {
  readonly kind: BlockKind;
  readonly text: string;
  readonly words: readonly Word[];
}

/** Written without blanks: their words are found by dictionary. */
const unspacedLanguages = new Set(['zh', 'ja', 'th', 'lo', 'km', 'my']);

/** Whether a language is written without blanks between words. */
export function isUnspaced(language: string): boolean {
  return unspacedLanguages.has(language);
}

/** Splits the blocks of a document into sentences, and these into words. */
export async function readSentences(
  blocks: readonly TextBlock[],
  language: string,
  share: FairShare,
): Promise<readonly Sentence[]> {
  const segmenter = new Intl.Segmenter(language, { granularity: 'sentence' });
  const splitWords = createWordSplitter(language);
  const sentences: Sentence[] = [];
  for (const { kind, text } of blocks) {
    for (const sentence of joinAbbreviations([...segmenter.segment(text)].map(({ segment }) => segment))) {
      sentences.push({ kind, text: sentence, words: splitWords(sentence) });
    }
    await share.step();
  }
  return sentences;
}

/**
 * Ends of segments that end no sentence: titles, single letters and the usual abbreviations of the languages we meet most. The
 * rules of Unicode, which the segmenter follows, know none of them.
 */
const abbreviation =
  /(?:^|[\s(])(?:\p{L}|Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|Sra|Mme|Hr|Fr|vs|cf|ca|approx|Fig|fig|Nr|vol|pp|p|Abs|bzw|bspw|usw|z\.B|d\.h|u\.a|e\.g|i\.e|p\.\s?ex|p\.\s?ej)\.\s*$/u;

/** Puts together what was split after an abbreviation. Pure. */
export function joinAbbreviations(segments: readonly string[]): string[] {
  const sentences: string[] = [];
  let open = '';
  for (const segment of segments) {
    open += segment;
    if (abbreviation.test(open)) continue;
    sentences.push(open.trim());
    open = '';
  }
  sentences.push(open.trim());
  return sentences.filter((sentence) => sentence !== '');
}

/** `BullMQ's` is BullMQ. */
const possessive = /['’]s$/u;
const webAddress = /\b(?:https?:\/\/|www\.)\S+/gu;
const spacedWord = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’._-][\p{L}\p{M}\p{N}]+)*/gu;

/**
 * Makes the function that finds the words of a sentence. `Node.js`, `follow-up` and `don't` are one word each; addresses of
 * the web are none.
 */
export function createWordSplitter(language: string): (sentence: string) => Word[] {
  if (!isUnspaced(language)) {
    return (sentence) => {
      const text = sentence.replace(webAddress, (address) => '/'.repeat(address.length));
      return toWords(
        [...text.matchAll(spacedWord)].map((match) => ({ text: match[0], index: match.index })),
        (from, to) => text.slice(from, to) === ' ',
      );
    };
  }
  const segmenter = new Intl.Segmenter(language, { granularity: 'word' });
  return (sentence) =>
    toWords(
      [...segmenter.segment(sentence)]
        .filter(({ isWordLike }) => isWordLike)
        .map(({ segment, index }) => ({ text: segment, index })),
      (from, to) => from === to,
    );
}

function toWords(
  spans: readonly { readonly text: string; readonly index: number }[],
  joins: (from: number, to: number) => boolean,
): Word[] {
  let previousEnd: number | undefined;
  return spans.map(({ text, index }) => {
    const joinsPrevious = previousEnd !== undefined && joins(previousEnd, index);
    previousEnd = index + text.length;
    const word = text.replace(possessive, '');
    return { text: word, key: word.toLowerCase(), joinsPrevious };
  });
}
