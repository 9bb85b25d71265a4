/** What a second keeps of the rate before it. */
const keepsPerS = 0.8;

/** How many jobs of each queue producers refuse in a second: they never arrive, and are wanted all the same. */
export class RefusedRates {
  #counts: ReadonlyMap<string, number> | undefined;
  readonly #rates = new Map<string, number>();

  /** Takes in how many were ever refused, by queue. */
  observe(counts: ReadonlyMap<string, number>, elapsedS: number): void {
    const before = this.#counts;
    this.#counts = counts;
    if (before === undefined || elapsedS <= 0) return;
    const keeps = keepsPerS ** elapsedS;
    for (const queue of new Set([...this.#rates.keys(), ...counts.keys()])) {
      // A counter that has fallen was forgotten, and began anew.
      const grown = Math.max(0, (counts.get(queue) ?? 0) - (before.get(queue) ?? 0));
      const rate = keeps * this.of(queue) + (1 - keeps) * (grown / elapsedS);
      if (rate < 0.001) this.#rates.delete(queue);
      else this.#rates.set(queue, rate);
    }
  }

  of(queue: string): number {
    return this.#rates.get(queue) ?? 0;
  }

  clear(): void {
    this.#counts = undefined;
    this.#rates.clear();
  }
}
