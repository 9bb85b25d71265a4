import type { EpochMs } from '../time/duration.js';
import { templateOf } from './fingerprint.js';
import { adviceOn, type ReasonAdvice } from './reason-advice.js';
import type { LetterReason, LetterSummary } from './record.js';

/** Dead letters of one cause: the same error in the same kind of a queue, with the same reason. */
export interface LetterGroup {
  readonly count: number;
  readonly queue: string;
  readonly kind: string;
  readonly reason: LetterReason;
  readonly fingerprint: string;
  readonly name: string;
  readonly code?: string;
  /** The message when all have the same; else the one of the newest, with what varies taken out. */
  readonly message: string;
  /** When the first and the last of them died. */
  readonly since: EpochMs;
  readonly last: EpochMs;
  readonly advice: ReasonAdvice;
}

interface Tally {
  count: number;
  newest: Counted;
  since: EpochMs;
  varies: boolean;
}

/** What is kept of a letter while others are counted: not its stack, and no more of its message than anybody reads. */
type Counted = Pick<LetterSummary, 'queue' | 'kind' | 'reason' | 'diedAt'> & {
  readonly error: Pick<LetterSummary['error'], 'name' | 'code' | 'message' | 'fingerprint'>;
};

const keptCharacters = 500;
/** More causes than these are no causes any more; their letters are counted as others. */
const mostCauses = 10_000;

/** Counts dead letters by their cause as they go past, so that thousands need not be in memory at once. */
export class LetterTally {
  readonly #tallies = new Map<string, Tally>();
  #count = 0;
  #others = 0;

  /** How many letters were counted. */
  get count(): number {
    return this.#count;
  }

  /** How many of them are in no group, because there are too many causes. */
  get others(): number {
    return this.#others;
  }

  add(letter: LetterSummary): void {
    this.#count += 1;
    const counted = shortForm(letter);
    const { queue, kind, reason, error, diedAt } = counted;
    const key = JSON.stringify([queue, kind, reason, error.fingerprint]);
    const tally = this.#tallies.get(key);
    if (!tally) {
      if (this.#tallies.size < mostCauses)
        this.#tallies.set(key, { count: 1, newest: counted, since: diedAt, varies: false });
      else this.#others += 1;
      return;
    }
    tally.count += 1;
    tally.varies ||= tally.newest.error.message !== error.message;
    if (diedAt < tally.since) tally.since = diedAt;
    if (diedAt > tally.newest.diedAt) tally.newest = counted;
  }

  /** The causes, most first; of equally many the one that happened last. */
  groups(): LetterGroup[] {
    return [...this.#tallies.values()].map(groupOf).sort((a, b) => b.count - a.count || b.last - a.last);
  }
}

function shortForm({ queue, kind, reason, diedAt, error }: LetterSummary): Counted {
  const { name, code, message, fingerprint } = error;
  const firstLine = message.split('\n', 1)[0] ?? '';
  return {
    queue,
    kind,
    reason,
    diedAt,
    error: { name, ...(code !== undefined && { code }), message: firstLine.slice(0, keptCharacters), fingerprint },
  };
}

function groupOf({ count, newest, since, varies }: Tally): LetterGroup {
  const { queue, kind, reason, error, diedAt } = newest;
  const { name, code, message, fingerprint } = error;
  return {
    count,
    queue,
    kind,
    reason,
    fingerprint,
    name,
    ...(code !== undefined && { code }),
    message: varies ? templateOf(message) : message,
    since,
    last: diedAt,
    advice: adviceOn(newest),
  };
}

/** The error of a cause as one says it: with its code, or else its name, where the message does not have it already. */
export function spokenCause({ name, code, message }: Pick<LetterGroup, 'name' | 'code' | 'message'>): string {
  const label = code ?? name;
  if (message === '') return label;
  return message.includes(label) ? message : `${label}: ${message}`;
}

const causesTold = 10;
const causeTold = 200;

/** The largest causes, short: for a log line or an audit entry. */
export function tellCauses(groups: readonly LetterGroup[]) {
  return groups.slice(0, causesTold).map((group) => {
    const { count, kind, reason, fingerprint } = group;
    return { count, kind, reason, fingerprint, cause: spokenCause(group).slice(0, causeTold) };
  });
}
