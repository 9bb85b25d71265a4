export interface CallGathererOptions<R, A> {
  /** How much travels in one call; a request that is larger travels alone. */
  readonly mostPerCall: number;
  /** @defaultValue every request counts as one */
  readonly sizeOf?: (request: R) => number;
  /** Makes one call; when it rejects, all of its requests are rejected. */
  readonly call: (requests: readonly R[]) => Promise<A>;
  /** Gives every request of a call its part of the answer. */
  readonly answer: (requests: readonly R[], answer: A) => void;
  readonly reject: (request: R, error: unknown) => void;
}

/** Redis works on one call while Node works on the answer of the other; more would only make smaller batches. */
const maxCallsUnderWay = 2;
/** Fewer requests than these are not worth two calls. */
const leastToSplit = 16;

/**
 * Lets requests that fall together travel as one call. Nothing waits for a batch to fill: a lone request leaves as soon as what runs
 * now has ended, and while calls are under way the next batch gathers. Calls leave in the order of their requests.
 */
export class CallGatherer<R, A> {
  readonly #options: CallGathererOptions<R, A>;
  readonly #waiting: R[] = [];
  #underWay = 0;
  /** Calls whose answer has not been handed out. */
  #unanswered = 0;
  /** Lasts until what the answer before brings about has left; set while another answer is to come. */
  #turn: Promise<void> | undefined;
  #scheduled = false;
  /** Set for the turn of the event loop in which a request larger than any call left: it may not have sent anything yet. */
  #yields = false;
  readonly #idle: (() => void)[] = [];

  constructor(options: CallGathererOptions<R, A>) {
    this.#options = options;
  }

  add(request: R): void {
    this.#waiting.push(request);
    if (this.#scheduled || this.#underWay >= maxCallsUnderWay) return;
    this.#scheduled = true;
    // A second call may take a turn of the event loop to gather more, and has to let the first one go ahead.
    if (this.#underWay === 0) process.nextTick(this.#leave, true);
    else setImmediate(this.#leave);
  }

  /** Resolves when every request that was added has been answered. */
  async whenIdle(): Promise<void> {
    if (this.#waiting.length + this.#unanswered === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
    });
  }

  readonly #leave = (isFirst = false): void => {
    this.#scheduled = false;
    let most = isFirst ? this.#firstShare() : Number.POSITIVE_INFINITY;
    while (this.#mayLeave) {
      this.#send(this.#nextBatch(most));
      most = Number.POSITIVE_INFINITY;
    }
  };

  #send(requests: readonly R[]): void {
    this.#underWay += 1;
    this.#unanswered += 1;
    void this.#call(requests);
    if (this.#options.sizeOf?.(requests[0] as R) !== Number.POSITIVE_INFINITY) return;
    this.#yields = true;
    setImmediate(() => {
      this.#yields = false;
      this.#leave();
    });
  }

  get #mayLeave(): boolean {
    return !this.#yields && this.#waiting.length > 0 && this.#underWay < maxCallsUnderWay;
  }

  /** Makes one call and sees to its answers. Never rejects. */
  async #call(requests: readonly R[]): Promise<void> {
    let handOut: () => void;
    try {
      const answer = await this.#options.call(requests);
      handOut = () => this.#options.answer(requests, answer);
    } catch (error) {
      handOut = () => this.#reject(requests, error);
    }
    this.#underWay -= 1;
    // What waits leaves before anybody works on the answer, so that Redis works meanwhile.
    this.#leave();
    while (this.#turn !== undefined) await this.#turn;
    this.#unanswered -= 1;
    if (this.#unanswered > 0) this.#turn = this.#nextTurn();
    try {
      handOut();
    } catch (error) {
      this.#reject(requests, error);
    }
    if (this.#waiting.length + this.#unanswered > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #reject(requests: readonly R[], error: unknown): void {
    for (const request of requests) this.#options.reject(request, error);
  }

  /**
   * Two answers that come together, as those do of calls that left together, are handed out one after the other: Redis has nothing to do, and
   * should not wait until this process is through with both. From then on one call is always ahead of the other.
   */
  #nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        resolve();
      });
    });
  }

  /** Of many that wait while nothing is under way, or about to be, the first call takes half, so that Redis can work on the other meanwhile. */
  #firstShare(): number {
    const { length } = this.#waiting;
    return this.#unanswered === 0 && length >= leastToSplit ? Math.ceil(length / 2) : length;
  }

  /** What leaves next, so many at most. */
  #nextBatch(most: number): R[] {
    const { mostPerCall, sizeOf } = this.#options;
    const waiting = this.#waiting;
    let count = 0;
    for (let size = 0; count < most && count < waiting.length; count++) {
      size += sizeOf?.(waiting[count] as R) ?? 1;
      if (size > mostPerCall && count > 0) break;
    }
    return waiting.splice(0, count);
  }
}
