import type { EpochMs } from '../time/duration.js';

/**
 * How long first attempts are worth telling of: until the end of the next period. A worker whose jobs have not failed for an hour must not
 * bring in all of that hour when they do: many such workers would fill a budget again and again.
 */
const periodMs = 10_000;

/** Counts the first attempts that a worker starts, by budget, until somebody takes them to Redis. */
export class FirstAttempts {
  #period = 0;
  #counts = new Map<string, number>();
  #before = new Map<string, number>();

  /** Counts one first attempt in each of these budgets. */
  count(budgets: readonly string[], now: EpochMs): void {
    this.#turnTo(now);
    for (const budget of budgets) this.#counts.set(budget, (this.#counts.get(budget) ?? 0) + 1);
  }

  /** Takes out what was counted for these budgets. */
  take(budgets: readonly string[], now: EpochMs): Map<string, number> {
    this.#turnTo(now);
    return new Map(
      budgets.map((budget) => {
        const taken = (this.#counts.get(budget) ?? 0) + (this.#before.get(budget) ?? 0);
        this.#counts.delete(budget);
        this.#before.delete(budget);
        return [budget, taken];
      }),
    );
  }

  #turnTo(now: EpochMs): void {
    const period = Math.floor(now / periodMs);
    if (period === this.#period) return;
    this.#before = period === this.#period + 1 ? this.#counts : new Map();
    this.#counts = new Map();
    this.#period = period;
  }
}
