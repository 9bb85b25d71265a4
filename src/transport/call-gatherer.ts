export interface CallGathererOptions<R> {
  /** How much travels in one call; a request that is larger travels alone. */
  readonly mostPerCall: number;
  /** @defaultValue every request counts as one */
  readonly sizeOf?: (request: R) => number;
  /** Makes one call and answers every request of it; when it throws, all of them are rejected. */
  readonly call: (requests: readonly R[]) => Promise<void>;
  readonly reject: (request: R, error: unknown) => void;
}

/** Redis works on one call while Node works on the reply of the other; more would only make smaller batches. */
const maxCallsUnderWay = 2;

/**
 * Lets requests that fall together travel as one call. Nothing waits for a batch to fill: a lone request leaves as soon as what runs
 * now has ended, and while calls are under way the next batch gathers. Calls leave in the order of their requests.
 */
export class CallGatherer<R> {
  readonly #options: CallGathererOptions<R>;
  readonly #waiting: R[] = [];
  #underWay = 0;
  #scheduled = false;
  readonly #idle: (() => void)[] = [];

  constructor(options: CallGathererOptions<R>) {
    this.#options = options;
  }

  add(request: R): void {
    this.#waiting.push(request);
    this.#schedule();
  }

  /** Resolves when every request that was added has been answered. */
  async whenIdle(): Promise<void> {
    if (this.#waiting.length + this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay >= maxCallsUnderWay || this.#waiting.length === 0) return;
    this.#scheduled = true;
    const leave = () => {
      this.#scheduled = false;
      this.#leave(this.#nextBatch());
      this.#schedule();
    };
    // A second call may take a turn of the event loop to gather more, and has to let the first one go ahead.
    if (this.#underWay === 0) process.nextTick(leave);
    else setImmediate(leave);
  }

  #nextBatch(): R[] {
    const { mostPerCall, sizeOf } = this.#options;
    if (!sizeOf) return this.#waiting.splice(0, mostPerCall);
    let count = 0;
    for (let size = 0; count < this.#waiting.length; count++) {
      size += sizeOf(this.#waiting[count] as R);
      if (size > mostPerCall && count > 0) break;
    }
    return this.#waiting.splice(0, count);
  }

  #leave(requests: readonly R[]): void {
    this.#underWay += 1;
    this.#options
      .call(requests)
      .catch((error: unknown) => {
        for (const request of requests) this.#options.reject(request, error);
      })
      .finally(() => {
        this.#underWay -= 1;
        this.#schedule();
        if (this.#waiting.length + this.#underWay > 0) return;
        for (const resolve of this.#idle.splice(0)) resolve();
      });
  }
}
