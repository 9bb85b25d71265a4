import type { Abortable } from '../job/cancellation.js';

/**
 * One call of a dependency, with an AbortSignal of its own: what ends one call ends no other. It ends when its function does or when it
 * is aborted, whichever comes first; the function is told by its signal and is not waited for after that.
 */
export class GuardedCall<T> implements Abortable {
  readonly #fn: (signal: AbortSignal) => Promise<T> | T;
  readonly #controller = new AbortController();
  #reject: (reason: Error) => void = () => undefined;
  #reason: Error | undefined;

  constructor(
    fn: (signal: AbortSignal) => Promise<T> | T,
    readonly timeoutMs: number,
  ) {
    this.#fn = fn;
  }

  /** Why it was aborted; undefined while it was not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Makes the call. Once. */
  run(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      Promise.resolve(this.#fn(this.#controller.signal)).then(resolve, reject);
    });
  }

  /** Ends it. What is said after the first time changes nothing. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller.abort(reason);
    this.#reject(reason);
  }
}
