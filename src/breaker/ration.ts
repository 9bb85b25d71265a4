/** So much may be saved up while nothing is called: a tenth of a second's share, so that no second has more than its own. */
const savedSeconds = 0.1;

/** Spreads the calls of a breaker that has just closed: so many a second, and not all of them at once. */
export class Ration {
  #calls = 1;
  #at = Number.NEGATIVE_INFINITY;

  /** Takes one call of so many a second. Answers 0, or in how many milliseconds there is one to be had. */
  take(perSecond: number, now: number): number {
    const most = Math.max(1, perSecond * savedSeconds);
    this.#calls = Math.min(most, this.#calls + (perSecond * (now - this.#at)) / 1_000);
    this.#at = now;
    if (this.#calls < 1) return Math.ceil((1_000 * (1 - this.#calls)) / perSecond);
    this.#calls -= 1;
    return 0;
  }
}
