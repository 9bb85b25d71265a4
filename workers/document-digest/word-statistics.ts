import type { FairShare } from './fair-share.js';
import type { Sentence, Word } from './sentences.js';

/** What is counted of one word over a document. */
export interface WordCounts {
  count: number;
  /** Written with a capital where no sentence begins. */
  capitalised: number;
  /** Written in capitals throughout. */
  acronym: number;
  /** Index of each sentence it is in, growing. */
  readonly sentences: number[];
  readonly left: Map<string, number>;
  readonly right: Map<string, number>;
}

/**
 * Says whether a word can be (part of) a key term: it begins with a letter and has a meaning of its own. Two small Latin
 * letters are a unit or a variable more often than a word.
 */
export function isTelling({ text, key }: Word, stopWords: ReadonlySet<string>): boolean {
  return key.length > 1 && /^\p{L}/u.test(key) && !/^[a-z]{2}$/.test(text) && !stopWords.has(key);
}

/**
 * Weighs every telling word of a document by the statistics of YAKE (Campos et al., "YAKE! Keyword extraction from single
 * documents using multiple local features", 2020): the lower, the more telling.
 *
 * A word tells much when it comes early and often, in many sentences, with capitals, and always in the same company; a word
 * that stands beside everything says little, in any language.
 */
export async function weighWords(
  sentences: readonly Sentence[],
  stopWords: ReadonlySet<string>,
  share: FairShare,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, WordCounts>();
  for (const [index, sentence] of sentences.entries()) {
    countSentence(sentence, index, counts, stopWords);
    await share.step();
  }
  const frequencies = [...counts.values()].map(({ count }) => count);
  const mean = frequencies.reduce((sum, count) => sum + count, 0) / Math.max(1, frequencies.length);
  const deviation = Math.sqrt(
    frequencies.reduce((sum, count) => sum + (count - mean) ** 2, 0) / Math.max(1, frequencies.length),
  );
  const most = frequencies.reduce((max, count) => Math.max(max, count), 1);
  const weights = new Map<string, number>();
  for (const [word, seen] of counts) {
    weights.set(word, weightOf(seen, { usual: mean + deviation, most, sentences: sentences.length }));
    await share.step();
  }
  return weights;
}

function weightOf(
  { count, capitalised, acronym, sentences, left, right }: WordCounts,
  document: { readonly usual: number; readonly most: number; readonly sentences: number },
): number {
  const casing = Math.max(capitalised, acronym) / (1 + Math.log(count));
  const position = Math.log(Math.log(3 + median(sentences)));
  const frequency = count / document.usual;
  const company = 1 + (variety(left) + variety(right)) * (count / document.most);
  const spread = sentences.length / document.sentences;
  return (company * position) / (casing + frequency / company + spread / company);
}

function countSentence(
  { words }: Sentence,
  index: number,
  counts: Map<string, WordCounts>,
  stopWords: ReadonlySet<string>,
): void {
  for (const [at, word] of words.entries()) {
    if (!isTelling(word, stopWords)) continue;
    const seen = counts.get(word.key) ?? newCounts();
    counts.set(word.key, seen);
    seen.count++;
    if (isAcronym(word.text)) seen.acronym++;
    else if (at > 0 && /^\p{Lu}/u.test(word.text)) seen.capitalised++;
    if (seen.sentences.at(-1) !== index) seen.sentences.push(index);
    const [previous, next] = [words[at - 1], words[at + 1]];
    if (previous && word.joinsPrevious) countNeighbour(seen.left, previous.key);
    if (next?.joinsPrevious) countNeighbour(seen.right, next.key);
  }
}

function newCounts(): WordCounts {
  return { count: 0, capitalised: 0, acronym: 0, sentences: [], left: new Map(), right: new Map() };
}

function isAcronym(text: string): boolean {
  return text.length > 1 && /^[\p{Lu}\p{N}.-]+$/u.test(text) && /\p{Lu}/u.test(text);
}

function countNeighbour(neighbours: Map<string, number>, word: string): void {
  neighbours.set(word, (neighbours.get(word) ?? 0) + 1);
}

/** 1 when every neighbour is another word, near 0 when it is always the same. */
function variety(neighbours: ReadonlyMap<string, number>): number {
  let all = 0;
  for (const count of neighbours.values()) all += count;
  return all === 0 ? 0 : neighbours.size / all;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
