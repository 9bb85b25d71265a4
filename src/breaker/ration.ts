/** So much may be saved up while nothing is called: a tenth of a second's share. */
const savedSeconds = 0.1;
/** A call that comes too early is worth a wait of so long, or of one turn, if its slot is not held up for too long by that. */
const waitMs = { usual: 100, longest: 500 };

/** A call in so many milliseconds, which nobody else gets; or none, and when there may be one. */
export type Share =
  | { readonly kind: 'given'; readonly inMs: number }
  | { readonly kind: 'none'; readonly forMs: number };

/**
 * Spreads the calls of a breaker that has just closed: so many a second, and not all of them at once. Jobs come in batches, so a few may
 * wait for their turn; were they sent away, most turns would be lost.
 */
export class Ration {
  /** Below 0: so many wait for their turn. */
  #calls = 1;
  #at = Number.NEGATIVE_INFINITY;

  /** Takes one call of so many a second. */
  take(perSecond: number, now: number): Share {
    // What was saved up is made within the share of a second, and not beside it.
    const pace = perSecond / (1 + savedSeconds);
    const most = Math.max(1, pace * savedSeconds);
    this.#calls = Math.min(most, this.#calls + (pace * (now - this.#at)) / 1_000);
    this.#at = now;
    const inMs = Math.max(0, Math.ceil((1_000 * (1 - this.#calls)) / pace));
    if (inMs > Math.min(waitMs.longest, Math.max(waitMs.usual, 1_000 / pace))) return { kind: 'none', forMs: inMs };
    this.#calls -= 1;
    return { kind: 'given', inMs };
  }
}
