interface KindAverage {
  heldMs: number;
  jobs: number;
}

/** So many jobs make an average. One that followed faster would take a dependency that is slow for how it has always been. */
const memory = 1_000;
/** Shorter ones are not told apart. */
const shortestMs = 0.1;

/**
 * How much work a job of each kind is beside the others: how long its kind usually holds a slot, over the middle of all kinds. So a queue that
 * gets more of its long kind for a while does not look slow, and one of which all kinds get slow does.
 */
export class KindWeights {
  readonly #averages = new Map<string, KindAverage>();

  /** Learns from a job that was done. Answers how many times the average of its kind it took. */
  learn(kind: string, heldMs: number): number {
    const seenMs = Math.max(heldMs, shortestMs);
    const known = this.#averages.get(kind);
    if (known === undefined) {
      this.#averages.set(kind, { heldMs: seenMs, jobs: 1 });
      return 1;
    }
    known.jobs = Math.min(known.jobs + 1, memory);
    known.heldMs += (seenMs - known.heldMs) / known.jobs;
    return seenMs / known.heldMs;
  }

  /** Of every kind that was seen. Their geometric mean is 1: none of them is what the others are measured by. */
  weights(): ReadonlyMap<string, number> {
    const logs = [...this.#averages].map(([kind, { heldMs }]) => [kind, Math.log(heldMs)] as const);
    const middle = logs.reduce((sum, [, log]) => sum + log, 0) / logs.length;
    return new Map(logs.map(([kind, log]) => [kind, Math.exp(log - middle)]));
  }
}
