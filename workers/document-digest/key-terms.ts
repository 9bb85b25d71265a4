import type { FairShare } from './fair-share.js';
import type { DetectedLanguage } from './language.js';
import { isUnspaced, type Sentence, type Word } from './sentences.js';
import { isTelling, weighWords } from './word-statistics.js';

/** A word or phrase that tells what a document is about. */
export interface KeyTerm {
  readonly term: string;
  /** How often it occurs. */
  readonly count: number;
  /** How telling it is beside the best term of the document, which has 1. */
  readonly score: number;
}

/** Longer phrases are quotations, not terms. */
const maxTermWords = 3;

/** How much more a phrase that comes again tells than its words alone: "letter" is vague, "dead letter queue" is not. */
const phraseGain = [1, 1, 2.5, 3] as const;

/** In longer documents what occurs once is chance. */
const sentencesForRepetition = 30;

interface Candidate {
  readonly words: readonly string[];
  count: number;
  /** Its spellings, and how often each is used. */
  readonly spellings: Map<string, number>;
}

/**
 * Finds the key terms of a document: phrases of up to three telling words, best first. A phrase is worth what its words
 * weigh on average (see `weighWords`), its repetition and its length. The same document always gives the same terms.
 *
 * @param limit - how many at most.
 */
export async function findKeyTerms(
  sentences: readonly Sentence[],
  { tag, stopWords }: DetectedLanguage,
  limit: number,
  share: FairShare,
): Promise<readonly KeyTerm[]> {
  const weights = await weighWords(sentences, stopWords, share);
  const candidates = new Map<string, Candidate>();
  const joiner = isUnspaced(tag) ? '' : ' ';
  for (const { words } of sentences) {
    countCandidates(words, candidates, stopWords, joiner);
    await share.step();
  }
  const weighed: { readonly candidate: Candidate; readonly weight: number }[] = [];
  for (const candidate of candidates.values()) {
    const isChance = candidate.count === 1 && sentences.length > sentencesForRepetition;
    if (!isChance) weighed.push({ candidate, weight: weightOf(candidate, weights) });
    await share.step();
  }
  weighed.sort((a, b) => a.weight - b.weight || compareTerms(a.candidate, b.candidate));
  return chooseDistinct(weighed, limit);
}

/** Every run of telling words up to the longest length, as in "dead letter queue": dead, dead letter, letter, … */
function countCandidates(
  words: readonly Word[],
  candidates: Map<string, Candidate>,
  stopWords: ReadonlySet<string>,
  joiner: string,
): void {
  for (let start = 0; start < words.length; start++) {
    for (let length = 1; length <= maxTermWords; length++) {
      const word = words[start + length - 1];
      if (!word || !isTelling(word, stopWords) || (length > 1 && !word.joinsPrevious)) break;
      const run = words.slice(start, start + length);
      const key = run.map((each) => each.key).join(' ');
      const candidate = candidates.get(key) ?? { words: run.map((each) => each.key), count: 0, spellings: new Map() };
      candidates.set(key, candidate);
      const spelling = run.map((each) => each.text).join(joiner);
      candidate.count++;
      candidate.spellings.set(spelling, (candidate.spellings.get(spelling) ?? 0) + 1);
    }
  }
}

/** The lower, the more telling. */
function weightOf({ words, count }: Candidate, weights: ReadonlyMap<string, number>): number {
  const average = words.reduce((sum, word) => sum + (weights.get(word) ?? 1), 0) / words.length;
  const gain = count > 1 ? (phraseGain[words.length] ?? 1) : 1;
  return average / (count * gain);
}

/** Takes the best terms, and of terms that share their words only the best. */
function chooseDistinct(
  weighed: readonly { readonly candidate: Candidate; readonly weight: number }[],
  limit: number,
): KeyTerm[] {
  const best = weighed[0]?.weight ?? 1;
  const chosen: { readonly stems: ReadonlySet<string>; readonly term: KeyTerm }[] = [];
  for (const { candidate, weight } of weighed) {
    if (chosen.length === limit) break;
    const stems = new Set(candidate.words.map(withoutPlural));
    if (chosen.some((other) => isWithin(stems, other.stems) || isWithin(other.stems, stems))) continue;
    const score = Math.round((best / weight) * 1_000) / 1_000;
    chosen.push({ stems, term: { term: usualSpelling(candidate), count: candidate.count, score } });
  }
  return chosen.map(({ term }) => term);
}

/** Enough to see that "dead letters" and "dead letter" are one term; no more is claimed. */
function withoutPlural(word: string): string {
  return word.length > 3 ? word.replace(/(?:'s|’s|s)$/u, '') : word;
}

function isWithin(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((word) => whole.has(word));
}

function usualSpelling({ spellings }: Candidate): string {
  const [[spelling] = ['']] = [...spellings].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return spelling;
}

function compareTerms(a: Candidate, b: Candidate): number {
  return a.words.join(' ') < b.words.join(' ') ? -1 : 1;
}
