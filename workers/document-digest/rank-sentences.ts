import type { FairShare } from './fair-share.js';
import type { Sentence } from './sentences.js';
import { isTelling } from './word-statistics.js';

/** Comparing takes time with the square of the number, so of longer documents the most telling sentences take part. */
const maxCandidates = 300;
/** Shorter sentences say too little by themselves, longer ones are lists. */
const wordsOfCandidate = { min: 5, max: 60 };
/** Less than this part of letters is a formula, a path or a number. */
const minLetterRatio = 0.6;
/** Share of a sentence's rank that comes from the sentences like it; the rest is its place in the document. */
const damping = 0.85;
const maxRounds = 50;
const settledBelow = 1e-6;
/** Two sentences this alike say the same. */
const sameFrom = 0.55;

/** The telling words of a sentence with their weights, as a vector of length 1. */
type WordVector = ReadonlyMap<string, number>;

/**
 * Chooses the sentences that together say most of what a document says, in their order (TextRank, Mihalcea and Tarau 2004,
 * over the cosine of weighted words). The same document always gives the same sentences.
 *
 * A sentence ranks high when it is like many others that rank high; early sentences start ahead, because documents tend
 * to open with what they are about; and of two that say the same only one is chosen.
 */
export async function rankSentences(
  sentences: readonly Sentence[],
  stopWords: ReadonlySet<string>,
  limit: number,
  share: FairShare,
): Promise<readonly string[]> {
  const candidates = await chooseCandidates(sentences, stopWords, share);
  const likeness = await compareAll(toVectors(candidates, stopWords), share);
  const ranks = await settleRanks(likeness, share);
  const byRank = [...ranks.keys()].sort((a, b) => (ranks[b] ?? 0) - (ranks[a] ?? 0) || a - b);
  const chosen: number[] = [];
  for (const at of byRank) {
    if (chosen.length === limit) break;
    if (chosen.every((other) => (likeness[at]?.[other] ?? 0) < sameFrom)) chosen.push(at);
  }
  return chosen.sort((a, b) => a - b).map((at) => candidates[at]?.text ?? '');
}

/** Sentences worth quoting; where there are none, as in a document of headings, whatever has words. */
async function chooseCandidates(
  sentences: readonly Sentence[],
  stopWords: ReadonlySet<string>,
  share: FairShare,
): Promise<readonly Sentence[]> {
  const quotable = sentences.filter(isQuotable);
  const candidates = quotable.length > 0 ? quotable : sentences.filter(({ words }) => words.length > 0);
  if (candidates.length <= maxCandidates) return candidates;
  const counts = new Map<string, number>();
  for (const sentence of candidates) {
    for (const key of tellingKeys(sentence, stopWords)) counts.set(key, (counts.get(key) ?? 0) + 1);
    await share.step();
  }
  const weighed: { readonly sentence: Sentence; readonly index: number; readonly weight: number }[] = [];
  for (const [index, sentence] of candidates.entries()) {
    const keys = tellingKeys(sentence, stopWords);
    const sum = keys.reduce((all, key) => all + Math.log(counts.get(key) ?? 1), 0);
    weighed.push({ sentence, index, weight: sum / Math.sqrt(1 + keys.length) });
    await share.step();
  }
  return weighed
    .sort((a, b) => b.weight - a.weight || a.index - b.index)
    .slice(0, maxCandidates)
    .sort((a, b) => a.index - b.index)
    .map(({ sentence }) => sentence);
}

function isQuotable({ kind, text, words }: Sentence): boolean {
  if (kind !== 'prose' || words.length < wordsOfCandidate.min || words.length > wordsOfCandidate.max) return false;
  return (text.match(/\p{L}/gu)?.length ?? 0) / text.length >= minLetterRatio;
}

function tellingKeys({ words }: Sentence, stopWords: ReadonlySet<string>): string[] {
  return words.filter((word) => isTelling(word, stopWords)).map(({ key }) => key);
}

/** Weighs words by how often the sentence has them and how few other sentences do (TF-IDF). */
function toVectors(sentences: readonly Sentence[], stopWords: ReadonlySet<string>): WordVector[] {
  const words = sentences.map((sentence) => tellingKeys(sentence, stopWords));
  const sentencesWith = new Map<string, number>();
  for (const key of words.flatMap((keys) => [...new Set(keys)])) {
    sentencesWith.set(key, (sentencesWith.get(key) ?? 0) + 1);
  }
  return words.map((keys) => {
    const vector = new Map<string, number>();
    for (const key of keys) {
      vector.set(key, (vector.get(key) ?? 0) + Math.log(1 + sentences.length / (sentencesWith.get(key) ?? 1)));
    }
    const length = Math.hypot(...vector.values()) || 1;
    return new Map([...vector].map(([key, weight]) => [key, weight / length]));
  });
}

async function compareAll(vectors: readonly WordVector[], share: FairShare): Promise<readonly Float64Array[]> {
  const likeness = vectors.map(() => new Float64Array(vectors.length));
  for (const [at, vector] of vectors.entries()) {
    for (let other = 0; other < at; other++) {
      const cosine = cosineOf(vector, vectors[other] ?? new Map());
      for (const [row, column] of [[at, other] as const, [other, at] as const]) {
        const cells = likeness[row];
        if (cells) cells[column] = cosine;
      }
    }
    await share.step();
  }
  return likeness;
}

function cosineOf(a: WordVector, b: WordVector): number {
  let sum = 0;
  for (const [key, weight] of a) sum += weight * (b.get(key) ?? 0);
  return sum;
}

/** Hands ranks on along likeness, round by round, until they no longer change. */
async function settleRanks(likeness: readonly Float64Array[], share: FairShare): Promise<readonly number[]> {
  const places = likeness.map((_, index) => 1 / Math.sqrt(1 + index));
  const allPlaces = places.reduce((sum, place) => sum + place, 0);
  const start = places.map((place) => place / allPlaces);
  const given = likeness.map((row) => row.reduce((sum, each) => sum + each, 0));
  let ranks = start;
  for (let round = 0; round < maxRounds; round++) {
    const shares = ranks.map((rank, at) => (given[at] ? rank / given[at] : 0));
    const next = likeness.map((row, at) => {
      const received = row.reduce((sum, each, other) => sum + each * (shares[other] ?? 0), 0);
      return (1 - damping) * (start[at] ?? 0) + damping * received;
    });
    const change = next.reduce((sum, rank, at) => sum + Math.abs(rank - (ranks[at] ?? 0)), 0);
    ranks = next;
    if (change < settledBelow) break;
    await share.step();
  }
  return ranks;
}
