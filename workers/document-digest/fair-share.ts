/** How long a job computes before others may go on. The longest single step comes on top; both together stay below 50 ms. */
const sliceMs = 10;

/** The event loop is one per process, and so is the queue for it: one slice per turn, however many jobs compute. */
let lastTurn: Promise<void> = Promise.resolve();

/**
 * Keeps a computing job from holding up the event loop: heartbeats, timers and the other jobs of the worker.
 *
 * Await `step` between small pieces of work. It returns at once until the slice is used up, then waits for a free turn.
 */
export class FairShare {
  readonly #signal: AbortSignal;
  #startedAt = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws the reason of the abort when the job has been aborted. */
  async step(): Promise<void> {
    this.#signal.throwIfAborted();
    if (performance.now() - this.#startedAt < sliceMs) return;
    lastTurn = lastTurn.then(nextTurn);
    await lastTurn;
    this.#signal.throwIfAborted();
    this.#startedAt = performance.now();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
