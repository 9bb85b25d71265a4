/** So many wrong tokens an address may send in a minute: a person who mistypes needs fewer, and more of them tell nobody anything. */
const mostGuesses = 5;
const windowMs = 60_000;
/** Whoever has more addresses than this to guess from is forgotten sooner. */
const mostAddresses = 1_000;

/** Counts wrong tokens by the address that they came from. */
export class GuessLimit {
  readonly #wrong = new Map<string, { count: number; readonly since: number }>();

  /** For how long wrong tokens of an address are not counted any more; 0 when they are. `now` is a moment on a monotonic clock. */
  waitMs(address: string, now: number): number {
    const wrong = this.#wrong.get(address);
    if (wrong === undefined || wrong.count < mostGuesses) return 0;
    return Math.max(0, wrong.since + windowMs - now);
  }

  /** Takes note of a wrong token. */
  miss(address: string, now: number): void {
    const wrong = this.#wrong.get(address);
    if (wrong !== undefined && now - wrong.since < windowMs) {
      wrong.count += 1;
      return;
    }
    this.#wrong.delete(address);
    this.#wrong.set(address, { count: 1, since: now });
    const [oldest] = this.#wrong.keys();
    if (this.#wrong.size > mostAddresses && oldest !== undefined) this.#wrong.delete(oldest);
  }
}
