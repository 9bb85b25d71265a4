import { francAll } from 'franc';
import { knownLanguages, stopWordsOf, tagOf } from './stop-words.js';

/** The language of a document, as far as it can be told. */
export interface DetectedLanguage {
  /** BCP 47 tag such as `en`; `und` when it cannot be told. */
  readonly tag: string;
  /** Words that carry no meaning of their own, in lower case; empty when none are known. */
  readonly stopWords: ReadonlySet<string>;
}

/** With fewer words than this and no stop word among them, trigrams guess. */
const wordsForTrigrams = 8;

/** Enough for trigrams to be sure, little enough to be quick. */
export const languageSampleChars = 4_000;

/**
 * Detects the language of a text. Pure.
 *
 * Letters propose and words decide: trigrams name the likely languages, and among those the one whose stop words occur
 * most wins. On a few lines, where trigrams alone often guess wrong, "the" and "of" are the better witnesses.
 */
export function detectLanguage(sample: string, declared?: string): DetectedLanguage {
  const words = sample.toLowerCase().match(/[\p{L}\p{M}]+/gu) ?? [];
  const likely = francAll(sample, { only: [...knownLanguages], minLength: 10 }).slice(0, 6);
  const [first] = likely;
  if (!first || first[0] === 'und') return languageOf(declared);
  const [best] = likely
    .map(([code, likeness]) => ({ code, likeness, witness: shareOf(words, stopWordsOf(tagOf(code))) }))
    .sort((a, b) => b.likeness + b.witness - (a.likeness + a.witness));
  // A script that one language alone uses leaves one candidate, and no doubt.
  const isGuess = likely.length > 1 && best?.witness === 0 && words.length < wordsForTrigrams;
  return languageOf(isGuess ? declared : best?.code);
}

function languageOf(code: string | undefined): DetectedLanguage {
  const tag = code === undefined ? 'und' : tagOf(code);
  return { tag, stopWords: stopWordsOf(tag) };
}

function shareOf(words: readonly string[], chosen: ReadonlySet<string>): number {
  return words.length === 0 ? 0 : words.filter((word) => chosen.has(word)).length / words.length;
}
