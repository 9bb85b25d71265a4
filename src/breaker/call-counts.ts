import type { CallEvidence } from './breaker-state.js';

/** What is said of one call that has ended. */
export interface CallOutcome {
  readonly result: 'succeeded' | 'failed';
  /** Whether it took longer than the dependency's `slow`. */
  readonly slow: boolean;
  /** For how long the dependency asked not to be called. */
  readonly retryAfterMs?: number | undefined;
}

type CountedAbout = Pick<CallEvidence, 'breaker' | 'generation' | 'opened' | 'openForMs' | 'openAtMostMs'>;

/** What one worker saw of one breaker's calls since it last told the fleet. */
export class CallCounts {
  #succeeded = 0;
  #failed = 0;
  #slow = 0;
  #failedInARow = 0;
  #retryAfterMs = 0;

  count({ result, slow, retryAfterMs = 0 }: CallOutcome): void {
    if (slow) this.#slow += 1;
    if (result === 'succeeded') {
      this.#succeeded += 1;
      this.#failedInARow = 0;
      return;
    }
    this.#failed += 1;
    this.#failedInARow += 1;
    this.#retryAfterMs = Math.max(this.#retryAfterMs, retryAfterMs);
  }

  /** Takes what was counted; undefined when there was nothing. */
  take(about: CountedAbout): CallEvidence | undefined {
    const [succeeded, failed, slow, retryAfterMs] = [this.#succeeded, this.#failed, this.#slow, this.#retryAfterMs];
    if (succeeded + failed === 0) return undefined;
    this.#succeeded = 0;
    this.#failed = 0;
    this.#slow = 0;
    this.#retryAfterMs = 0;
    const failedInARow = this.#failedInARow;
    return {
      ...about,
      succeeded,
      failed,
      slow,
      failedInARow,
      ...(retryAfterMs > 0 && { retryAfterMs: Math.round(retryAfterMs) }),
    };
  }

  /** Forgets everything: the calls that it counted were made under another generation. */
  clear(): void {
    this.#succeeded = 0;
    this.#failed = 0;
    this.#slow = 0;
    this.#failedInARow = 0;
    this.#retryAfterMs = 0;
  }
}
