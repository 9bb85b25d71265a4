import type { DeadLetterStore } from '../../dead-letter/dead-letter-store.js';
import { decideHalt, type HaltDecision, type HaltPolicy } from '../../dead-letter/decide-halt.js';
import { type LetterGroup, LetterTally } from '../../dead-letter/group-letters.js';
import { parseSummary } from '../../dead-letter/parse-letter.js';
import type { RedrivenOutcome } from '../../dead-letter/scripts.js';
import type { EpochMs } from '../../time/duration.js';
import type { SelectedLetter } from './select-letters.js';

/** What became of the jobs that were put back, as far as it was seen. */
export interface RedrivenEnds {
  readonly completed: number;
  /** Dead-lettered again, or failed inside the queue. */
  readonly failedAgain: number;
  /** Ended, and no longer kept: completed jobs are removed in time, and anybody may purge. */
  readonly gone: number;
  readonly pending: number;
  /** Why they failed again, most first. */
  readonly causes: readonly LetterGroup[];
}

interface Redriven {
  readonly kind: string;
  readonly at: EpochMs;
}

const looksAtOnce = 500;
/** More are not watched: those put back first end first, and tell enough. */
const mostWatched = 100_000;
/** The last ends that a decision can ask for. */
const endsKept = 10_000;

/** Watches the jobs that a redrive has put back, a page at each look, in turn. */
export class RedrivenWatch {
  readonly #store: Pick<DeadLetterStore, 'outcomes' | 'queue'>;
  readonly #policy: HaltPolicy;
  readonly #pending = new Map<string, Redriven>();
  readonly #failures = new LetterTally();
  readonly #ends: boolean[] = [];
  #completed = 0;
  #gone = 0;
  #unwatched = 0;

  constructor(store: Pick<DeadLetterStore, 'outcomes' | 'queue'>, policy: HaltPolicy) {
    this.#store = store;
    this.#policy = policy;
  }

  /** Notes a job that was put back. */
  add({ id, kind }: SelectedLetter, at: EpochMs): void {
    if (this.#pending.size < mostWatched) this.#pending.set(id, { kind, at });
    else this.#unwatched += 1;
  }

  /** Whether any that is watched has not ended. */
  get isWaiting(): boolean {
    return this.#pending.size > 0;
  }

  /** Looks at some of those that had not ended, and decides whether to go on. */
  async look(): Promise<HaltDecision> {
    const page = [...take(this.#pending, looksAtOnce)];
    const outcomes = page.length === 0 ? [] : await this.#store.outcomes(page.map(([id, { at }]) => ({ id, at })));
    for (const [index, [id, redriven]] of page.entries()) {
      this.#pending.delete(id);
      const outcome = outcomes[index];
      if (outcome === undefined || outcome.state === 'pending') this.#pending.set(id, redriven);
      else this.#note(id, redriven, outcome);
    }
    return decideHalt(this.#ends, this.#policy);
  }

  get ends(): RedrivenEnds {
    return {
      completed: this.#completed,
      failedAgain: this.#failures.count,
      gone: this.#gone,
      pending: this.#pending.size + this.#unwatched,
      causes: this.#failures.groups(),
    };
  }

  #note(id: string, { kind, at }: Redriven, outcome: Exclude<RedrivenOutcome, { state: 'pending' }>): void {
    const failed = outcome.state === 'dead_lettered' || outcome.state === 'failed';
    if (outcome.state === 'completed') this.#completed += 1;
    if (outcome.state === 'gone') this.#gone += 1;
    if (failed) this.#failures.add(this.#letterOf(id, kind, at, outcome));
    this.#ends.push(failed);
    if (this.#ends.length > endsKept) this.#ends.shift();
  }

  #letterOf(
    id: string,
    kind: string,
    at: EpochMs,
    outcome: Extract<RedrivenOutcome, { state: 'dead_lettered' | 'failed' }>,
  ) {
    const fields = outcome.state === 'failed' ? { failedReason: outcome.message } : { bwd: outcome.recordJson };
    return parseSummary({ queue: this.#store.queue, deadId: id, diedAt: at }, { name: kind, ...fields });
  }
}

function* take<K, V>(entries: ReadonlyMap<K, V>, most: number): Generator<[K, V]> {
  let left = most;
  for (const entry of entries) {
    if (left-- <= 0) return;
    yield entry;
  }
}
