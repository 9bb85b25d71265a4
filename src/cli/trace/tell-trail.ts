import { isCrash, type JobCrash } from '../../job/crash.js';
import type { TrailEntry } from '../../job/trail.js';
import type { Happening } from './moment.js';
import type { Draft } from './place-moments.js';
import { momentOf, textOf, tidy } from './read-facts.js';
import { tellCrash, tellError } from './tell-failure.js';

export interface TrailStory {
  /** What Redis' clock dates. */
  readonly others: readonly Draft[];
  /** The losses of workers before the last redrive, which took them out of the job's own history. */
  readonly crashes: readonly Draft[];
  /** When the loss of this number, since the last redrive, had happened at the latest. */
  readonly limitOf: (crash: number) => number;
}

/**
 * Tells what the trail of a job knows. A redrive ends a period: losses of workers are counted anew. Pure.
 *
 * @param end - when the job ended, or now.
 */
export function tellTrail(trail: readonly TrailEntry[], end: number): TrailStory {
  const others: Draft[] = [];
  const crashes: Draft[] = [];
  let period: TrailEntry[] = [];
  for (const entry of trail) {
    period.push(entry);
    if (entry.what !== 'redriven') continue;
    crashes.push(...crashesOf(period, momentOf(entry.at) ?? end));
    period = [];
  }
  crashes.push(...crashesOf(period, end));
  for (const entry of trail) if (!isLoss(entry)) others.push(...draftsOf(entry));
  return { others, crashes, limitOf: (crash) => limitIn(period, crash, end) };
}

function isLoss(entry: TrailEntry): entry is TrailEntry & JobCrash {
  return entry.what === 'crashed' && isCrash(entry);
}

function crashesOf(period: readonly TrailEntry[], end: number): Draft[] {
  const kept = period.filter(isLoss);
  const total = period.find(({ what }) => what === 'dead_lettered')?.['crashes'];
  const before = Math.max(typeof total === 'number' ? total : 0, kept.length) - kept.length;
  return kept.map((entry, index) => {
    const crash = before + index + 1;
    return tellCrash(entry, crash, limitIn(period, crash, end));
  });
}

/** A job that is parked was lost so often before, as its entry says; and it died after all of its losses. */
function limitIn(period: readonly TrailEntry[], crash: number, end: number): number {
  const later = period.find(({ what, crashes }) => what !== 'crashed' && Number(crashes) >= crash);
  return momentOf(later?.first) ?? momentOf(later?.at) ?? end;
}

/** One entry; two of one that happened several times: the first and the last. */
function draftsOf({ returned, ...entry }: TrailEntry): Draft[] {
  return [...draftsOfEntry(entry), ...returnsOf(entry, returned)];
}

/** The leader brought it back, and it has not been set aside again since. */
function returnsOf({ what, reason }: TrailEntry, returned: unknown): Draft[] {
  const said = momentOf(returned);
  if (what !== 'parked' || said === null) return [];
  return [{ said, happening: { what: 'returned', reason: textOf(reason) ?? 'unknown' } }];
}

function draftsOfEntry(entry: TrailEntry): Draft[] {
  const { first, times, ...last } = entry;
  const happening = happeningOf(last);
  const isSeveral =
    times !== undefined && times > 1 && (happening.what === 'parked' || happening.what === 'given_back');
  if (!isSeveral) return [{ said: momentOf(entry.at), happening }];
  const { until: _until, ...opening } = { until: undefined, ...happening };
  return [
    { said: momentOf(first), happening: opening },
    { said: momentOf(entry.at), happening: { ...happening, times } },
  ];
}

function happeningOf({ at: _at, what, ...details }: TrailEntry): Happening {
  const { reason, by } = details;
  switch (what) {
    case 'parked':
      return {
        what,
        reason: textOf(reason) ?? 'unknown',
        ...tidy({ cause: textOf(details['cause']), until: momentOf(details['until']) ?? undefined }),
      };
    case 'returned':
      return { what, reason: textOf(reason) ?? 'unknown' };
    case 'given_back':
      return { what, ...tidy({ by: textOf(by), reason: textOf(reason) }) };
    case 'fallback':
      return { what, ...tidy({ breaker: textOf(details['breaker']) }) };
    case 'redriven':
      return { what, ...tidy({ by: textOf(by) }) };
    case 'dead_lettered': {
      const { error: name, code, message, fingerprint } = details;
      const error = (name ?? message) === undefined ? undefined : tellError({ name, code, message, fingerprint });
      return { what, reason: textOf(reason) ?? 'unknown', ...tidy({ by: textOf(by), error }) };
    }
    default:
      return { what: 'noted', name: textOf(what) ?? 'unknown', details: textOf(JSON.stringify(details)) ?? '' };
  }
}
