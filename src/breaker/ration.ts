/** So much of a second's share may be saved up while nothing is called, for jobs that come several at once. */
const savedSeconds = 0.15;
/** A job that comes a little too early waits for its turn in its slot: to set it aside, and fetch it again, would cost more. */
const patienceMs = 200;

/** When a call may be made: in so many milliseconds, 0 for now; or not soon, and then it is worth another try after `forMs`. */
export type Turn =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'refused'; readonly forMs: number };

/**
 * Spreads the calls of a breaker that has just closed: no second has more than its share, what was saved up among it, and they come one
 * after the other.
 */
export class Ration {
  /** Below zero: so many have been promised. */
  #calls = 1;
  #at = Number.NEGATIVE_INFINITY;

  /** Takes the next call of so many a second; nothing is taken when that is not soon. */
  take(perSecond: number, now: number): Turn {
    const pace = perSecond / (1 + savedSeconds);
    const most = Math.max(1, pace * savedSeconds);
    this.#calls = Math.min(most, this.#calls + (pace * (now - this.#at)) / 1_000);
    this.#at = now;
    const ms = Math.max(0, Math.ceil((1_000 * (1 - this.#calls)) / pace));
    if (ms > patienceMs) return { kind: 'refused', forMs: ms };
    this.#calls -= 1;
    return { kind: 'wait', ms };
  }
}
