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
  newest: LetterSummary;
  since: EpochMs;
  varies: boolean;
}

/** Counts dead letters by their cause as they go past, so that thousands need not be in memory at once. */
export class LetterTally {
  readonly #tallies = new Map<string, Tally>();
  #count = 0;

  /** How many letters were counted. */
  get count(): number {
    return this.#count;
  }

  add(letter: LetterSummary): void {
    this.#count += 1;
    const { queue, kind, reason, error, diedAt } = letter;
    const key = JSON.stringify([queue, kind, reason, error.fingerprint]);
    const tally = this.#tallies.get(key);
    if (!tally) {
      this.#tallies.set(key, { count: 1, newest: letter, since: diedAt, varies: false });
      return;
    }
    tally.count += 1;
    tally.varies ||= firstLine(tally.newest.error.message) !== firstLine(error.message);
    if (diedAt < tally.since) tally.since = diedAt;
    if (diedAt > tally.newest.diedAt) tally.newest = letter;
  }

  /** The causes, most first; of equally many the one that happened last. */
  groups(): LetterGroup[] {
    return [...this.#tallies.values()].map(groupOf).sort((a, b) => b.count - a.count || b.last - a.last);
  }
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
    message: varies ? templateOf(message) : firstLine(message),
    since,
    last: diedAt,
    advice: adviceOn(newest),
  };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
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
