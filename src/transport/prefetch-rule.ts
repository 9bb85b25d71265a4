/** A job that runs no longer than this leaves its slot idle for about as long, while Redis is asked for the next. */
const shortRunMs = 2;
/** So many in a row, and the next one is likely to be short as well. */
const runsThatTell = 20;

/**
 * Says whether a job is worth taking before a slot is free for it: while the jobs of the queue are short one after another, and there are
 * always more. Then it waits here for a moment only, and would not have run sooner elsewhere.
 */
export class PrefetchRule {
  #shortRuns = 0;

  get holds(): boolean {
    return this.#shortRuns >= runsThatTell;
  }

  /** A job used its slot for so long. */
  ran(ms: number): void {
    this.#shortRuns = ms <= shortRunMs ? this.#shortRuns + 1 : 0;
  }

  /** The queue had fewer jobs than were asked for, or one waited here for too long: it begins anew. */
  refuse(): void {
    this.#shortRuns = 0;
  }
}
