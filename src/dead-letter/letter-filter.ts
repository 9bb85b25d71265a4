import { nearestWord } from '../errors/suggestion.js';
import { deadLetterReasons } from '../job/outcome.js';
import type { EpochMs } from '../time/duration.js';
import { type Parsed, parseMoment } from '../time/moment.js';
import type { LetterReason, LetterSummary } from './record.js';

/** What dead letters must have in common. What is not said may be anything. */
export interface LetterFilter {
  readonly kind?: string;
  readonly fingerprint?: string;
  readonly reason?: LetterReason;
  readonly tenant?: string;
  /** Died at this moment or later. */
  readonly since?: EpochMs;
  /** Died before this moment. */
  readonly until?: EpochMs;
}

/** The same as somebody wrote it. */
export interface GivenFilter {
  readonly kind?: string;
  readonly fingerprint?: string;
  readonly reason?: string;
  readonly tenant?: string;
  /** `2h`: so long ago; or a moment in ISO 8601. */
  readonly since?: string;
  readonly until?: string;
}

/** Which letters somebody means to change: ids, all, those that a filter lets through, or the `limit` oldest of either. */
export interface GivenSelection extends GivenFilter {
  readonly ids: readonly string[];
  readonly all?: boolean;
  readonly limit?: number;
}

export type LetterSelection =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'filter'; readonly filter: LetterFilter; readonly limit?: number };

const reasons: readonly LetterReason[] = [...deadLetterReasons, 'unknown'];

/** Whether a filter lets a letter through. Pure. */
export function matchesFilter(filter: LetterFilter, letter: LetterSummary): boolean {
  const { kind, fingerprint, reason, tenant, since, until } = filter;
  return (
    (kind === undefined || kind === letter.kind) &&
    (fingerprint === undefined || fingerprint === letter.error.fingerprint) &&
    (reason === undefined || reason === letter.reason) &&
    (tenant === undefined || tenant === letter.tenant) &&
    (since === undefined || letter.diedAt >= since) &&
    (until === undefined || letter.diedAt < until)
  );
}

/** Whether a filter lets everything through. */
export function isOpen(filter: LetterFilter): boolean {
  return Object.keys(filter).length === 0;
}

/** Reads a filter. Pure: `now` is the moment that durations count back from. */
export function parseFilter(given: GivenFilter, now: EpochMs): Parsed<LetterFilter> {
  const { kind, fingerprint, tenant } = given;
  const reason = reasons.find((known) => known === given.reason);
  if (given.reason !== undefined && reason === undefined) return { fault: unknownReason(given.reason) };
  const since = parseMoment('--since', given.since, now);
  const until = parseMoment('--until', given.until, now);
  if ('fault' in since) return since;
  if ('fault' in until) return until;
  if (since.value !== undefined && until.value !== undefined && since.value >= until.value) {
    return {
      fault: `--since ${given.since} is not before --until ${given.until}: no letter died in between; swap them`,
    };
  }
  return {
    value: {
      ...(kind !== undefined && { kind }),
      ...(fingerprint !== undefined && { fingerprint }),
      ...(reason !== undefined && { reason }),
      ...(tenant !== undefined && { tenant }),
      ...(since.value !== undefined && { since: since.value }),
      ...(until.value !== undefined && { until: until.value }),
    },
  };
}

/** Reads which letters are meant: never all of them by accident, and never two different things at once. Pure. */
export function parseSelection(given: GivenSelection, now: EpochMs): Parsed<LetterSelection> {
  const { ids, all = false, limit } = given;
  const filter = parseFilter(given, now);
  if ('fault' in filter) return filter;
  const named = ids.length > 0;
  const filtered = !isOpen(filter.value);
  if (named && (all || filtered || limit !== undefined)) {
    return {
      fault: 'ids say exactly which dead letters are meant: give them, or a filter, --all or --limit, not both',
    };
  }
  if (all && filtered) return { fault: '--all means all of them, and the filter only some: leave one of them out' };
  if (all && limit !== undefined)
    return { fault: `--all means all of them, and --limit ${limit} only some: leave one of them out` };
  if (named) return { value: { kind: 'ids', ids: [...new Set(ids)] } };
  if (!all && !filtered && limit === undefined) {
    return {
      fault: 'say which dead letters: their ids, --all, a filter such as --fingerprint, or --limit <n> for the oldest',
    };
  }
  return { value: { kind: 'filter', filter: filter.value, ...(limit !== undefined && { limit }) } };
}

function unknownReason(given: string): string {
  const near = nearestWord(given, reasons);
  return `--reason ${given} is no reason; expected one of ${reasons.join(', ')}${near ? `; did you mean ${near}?` : ''}`;
}

const idsTold = 20;

/** Which letters were meant, in words for a report: `kind=send-receipt since=2026-… limit=10`. */
export function spokenSelection(selection: LetterSelection): string {
  if (selection.kind === 'ids') {
    const { ids } = selection;
    const more = ids.length > idsTold ? ` and ${ids.length - idsTold} more` : '';
    return `${ids.slice(0, idsTold).join(' ')}${more}`;
  }
  const { filter, limit } = selection;
  const words = Object.entries(filter).map(
    ([name, value]) => `${name}=${typeof value === 'number' ? new Date(value).toISOString() : value}`,
  );
  if (limit !== undefined) words.push(`limit=${limit}`);
  return words.length === 0 ? 'all' : words.join(' ');
}
