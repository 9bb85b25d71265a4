/** So many breakers with a key have a label of their own; there may be one for each host that jobs name. */
const mostKeyed = 200;

/** Whose breaker it is: the dependency's, without the key. */
export function dependencyOf(breaker: string): string {
  const slash = breaker.indexOf('/');
  return slash === -1 ? breaker : breaker.slice(0, slash);
}

/**
 * Names breakers in metrics, within bounds: a dependency by its name, and the first ones with a key by theirs. The others of a dependency
 * share `<dependency>/*`.
 */
export class BreakerLabels {
  readonly #keyed = new Set<string>();

  labelOf(breaker: string): string {
    const dependency = dependencyOf(breaker);
    if (dependency === breaker || this.#keyed.has(breaker)) return breaker;
    if (this.#keyed.size >= mostKeyed) return `${dependency}/*`;
    this.#keyed.add(breaker);
    return breaker;
  }

  /** Those that are no more give way to others. */
  keepOnly(breakers: ReadonlySet<string>): void {
    for (const breaker of this.#keyed) if (!breakers.has(breaker)) this.#keyed.delete(breaker);
  }
}
