import type { JobOutcomeView } from '../../transport/view-scripts.js';
import type { Paint } from '../output.js';
import { renderTable } from '../table.js';
import { printable, shortened } from '../wording.js';

/** A job that was waited for. */
export interface AwaitedJob {
  readonly id: string;
  /** Where its payload was given; empty for the one of the command line. */
  readonly origin: string;
  readonly outcome: JobOutcomeView;
}

/** What `document-digest` answers, as far as it is shown. */
interface DigestResult {
  readonly title: string;
  readonly language: string;
  readonly words: number;
  readonly terms: readonly string[];
}

const titleShown = 40;
const termsShown = 60;

/** The results for people: a table for kinds whose results have a known shape, one line of JSON a job for all others. */
export function renderResults(kind: string, jobs: readonly AwaitedJob[], paint: Paint): string {
  if (kind !== 'document-digest') return jobs.map(resultLine).join('\n');
  const digested = jobs.flatMap(({ id, origin, outcome }) =>
    outcome.state === 'completed' && isDigest(outcome.result) ? [{ source: origin || id, ...outcome.result }] : [],
  );
  const others = jobs.filter(({ outcome }) => !(outcome.state === 'completed' && isDigest(outcome.result)));
  return [...(digested.length > 0 ? [digestTable(digested, paint)] : []), ...others.map(resultLine)].join('\n');
}

/** One outcome as a value: for a line of text, and for the document of `--json`. */
export function resultOf({ id, origin, outcome }: AwaitedJob): Readonly<Record<string, unknown>> {
  const facts = { id, ...(origin !== '' && { source: origin }), state: outcome.state };
  switch (outcome.state) {
    case 'completed':
      return { ...facts, result: outcome.result, ...(outcome.fallback && { fallback: true }) };
    case 'dead_lettered':
      return { ...facts, reason: outcome.record.reason, error: outcome.record.error.message };
    case 'failed':
      return { ...facts, error: outcome.message };
    default:
      return facts;
  }
}

function resultLine(job: AwaitedJob): string {
  return printable(JSON.stringify(resultOf(job)));
}

function digestTable(rows: readonly (DigestResult & { readonly source: string })[], paint: Paint): string {
  return renderTable(
    [
      { title: 'FILE', value: ({ source }) => source },
      { title: 'TITLE', value: ({ title }) => shortened(title, titleShown) },
      { title: 'LANGUAGE', value: ({ language }) => language },
      { title: 'WORDS', align: 'right', value: ({ words }) => String(words) },
      { title: 'TOP TERMS', value: ({ terms }) => shortened(terms.join(', '), termsShown) },
    ],
    rows,
    paint,
  );
}

function isDigest(result: unknown): result is DigestResult {
  const { title, language, words, terms } = Object(result) as Partial<DigestResult>;
  return typeof title === 'string' && typeof language === 'string' && typeof words === 'number' && Array.isArray(terms);
}
