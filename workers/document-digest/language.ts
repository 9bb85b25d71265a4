import { francAll } from 'franc';
import stopwords from 'stopword';

/** The language of a document, as far as it can be told. */
export interface DetectedLanguage {
  /** BCP 47 tag such as `en`; `und` when it cannot be told. */
  readonly tag: string;
  /** Words that carry no meaning of their own, in lower case; empty when none are known. */
  readonly stopWords: ReadonlySet<string>;
}

/**
 * What `franc` calls the languages for which there are stop words. It knows more, but with all of them English is now and
 * then taken for Scots and Swedish for Norwegian.
 */
const candidates =
  'afr arb ben bul cat ces cmn dan deu ekk ell eng epo fas fin fra glg guj hau heb hin hrv hun hye ind ita jpn kor lit lvs mar mya nld nob pan pes pol por ron rus slk slv som sot spa swe swh tgl tha tur ukr urd vie yor zlm zul'.split(
    ' ',
  );

/** Where the list of stop words has another name than the language. */
const listNames: Readonly<Record<string, string>> = {
  arb: 'ara',
  cmn: 'zho',
  ekk: 'est',
  lvs: 'lav',
  pan: 'panGu',
  pes: 'fas',
  swh: 'swa',
  zlm: 'msa',
};

/** The English list is short; these say as little as those on it. */
const furtherStopWords: Readonly<Record<string, string>> = {
  eng: "across again against already although always among around away become becomes cannot did does done down during either else enough even ever every few first found further gets give given gives goes going having however instead itself just keep keeps kept know known last later least less let lets likely made makes making may maybe means more much need needs neither never next no none nor not nothing often once one ones onto others otherwise own per perhaps put quite rather really right says second see seen set sets several shall show shows simply something sometimes soon taken takes things third though three thus together two unless until upon us use used useful uses using usually various via want wants whatever when whenever wherever whether whole whose why will within without yes yet its so he she him they doesn't don't isn't aren't can't won't didn't it's that's there's",
};

const stopWordsByTag: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  candidates.map((code) => {
    const further = furtherStopWords[code]?.split(' ') ?? [];
    return [tagOf(code), new Set([...(stopwords[listNames[code] ?? code] ?? []), ...further])];
  }),
);

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
  const likely = francAll(sample, { only: candidates, minLength: 10 }).slice(0, 6);
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

/** Language part of the BCP 47 tag for any code of a language: `deu` and `de-AT` are `de`; `und` for what is no code. */
function tagOf(code: string): string {
  try {
    return new Intl.Locale(code).language;
  } catch {
    return 'und';
  }
}

function stopWordsOf(tag: string): ReadonlySet<string> {
  return stopWordsByTag.get(tag) ?? new Set();
}

function shareOf(words: readonly string[], chosen: ReadonlySet<string>): number {
  return words.length === 0 ? 0 : words.filter((word) => chosen.has(word)).length / words.length;
}
