import nlp from 'compromise';
import type { FairShare } from './fair-share.js';
import type { Sentence } from './sentences.js';

export interface NamedEntity {
  readonly name: string;
  readonly count: number;
}

/** Who and what a document names, or why that is not known. */
export type NamedEntities =
  | {
      readonly kind: 'found';
      readonly people: readonly NamedEntity[];
      readonly places: readonly NamedEntity[];
      readonly organizations: readonly NamedEntity[];
    }
  | { readonly kind: 'unsupported'; readonly reason: string };

/** The grammar that finds names takes a second for this much; names that matter come before the two-hundredth page. */
const maxChars = 300_000;
/** One step of the grammar: about 10 ms. */
const stepChars = 2_000;
/** How many of each sort are kept. */
const maxOfEach = 20;

/** Finds people, places and organizations in English prose. */
export async function findNamedEntities(sentences: readonly Sentence[], share: FairShare): Promise<NamedEntities> {
  const [people, places, organizations] = [new NameCounts(), new NameCounts(), new NameCounts()];
  for (const text of steps(sentences)) {
    const read = nlp(text);
    people.addAll(read.people().out('array'), isPersonOrPlaceLike);
    places.addAll(read.places().out('array'), isPersonOrPlaceLike);
    organizations.addAll(read.organizations().out('array'), isOrganizationLike);
    await share.step();
  }
  return { kind: 'found', people: people.most(), places: places.most(), organizations: organizations.most() };
}

/** Prose in pieces of whole sentences. Headings in Title Case would make a name of every word. */
function* steps(sentences: readonly Sentence[]): Generator<string> {
  let step = '';
  let chars = 0;
  for (const { kind, text } of sentences) {
    if (kind !== 'prose') continue;
    if (chars + text.length > maxChars) break;
    chars += text.length;
    step += `${text}\n`;
    if (step.length > stepChars) {
      yield step;
      step = '';
    }
  }
  if (step !== '') yield step;
}

/** Counts names, however they are punctuated and whoever owns what. */
class NameCounts {
  readonly #counts = new Map<string, { name: string; count: number }>();

  addAll(found: readonly string[], isLikely: (name: string) => boolean): void {
    for (const name of found.flatMap(cleanNames)) {
      if (!isLikely(name)) continue;
      const counted = this.#counts.get(name.toLowerCase()) ?? { name, count: 0 };
      counted.count++;
      this.#counts.set(name.toLowerCase(), counted);
    }
  }

  most(): NamedEntity[] {
    return [...this.#counts.values()]
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
      .slice(0, maxOfEach);
  }
}

/** `"coast of Lincolnshire."` names Lincolnshire; what begins small or holds no letters names nothing. */
function cleanNames(found: string): string[] {
  const name = found
    .replace(/^(?:\p{Ll}[\p{L}'’-]*\s+)+/u, '')
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
    .replace(/['’]s$/u, '');
  const isName = /^\p{Lu}/u.test(name) && !/[\\/<>{}[\]()=_|`"]/.test(name) && name.split(' ').length <= 5;
  return isName && name.length > 1 ? [name] : [];
}

const abbreviated = /^[\p{Lu}\p{N}.-]+$/u;
/** `ArrayBufferView`, `FailureDetector.java`; but not `McCartney`. */
const fromCode = /(?<!\bMa?c|\bO['’])\p{Ll}\p{Lu}|\p{L}\.\p{Ll}|['’]s /u;

/** A word in capitals is an abbreviation, whatever first name it looks like; names of code are nobody's. */
function isPersonOrPlaceLike(name: string): boolean {
  return !abbreviated.test(name) && !fromCode.test(name);
}

/** After "the", every abbreviation is taken for an organization: of those only the known ones count. */
function isOrganizationLike(name: string): boolean {
  if (!abbreviated.test(name)) return true;
  return nlp(name).has('#Organization');
}
