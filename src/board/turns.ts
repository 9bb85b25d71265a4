import type { ServerResponse } from 'node:http';

/** Lets a few requests in at a time, has some wait, and turns the others away. */
export class Turns {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #under = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** Resolves when it is one's turn, which ends with the response; at once and false when too many wait. */
  async take(response: ServerResponse): Promise<boolean> {
    if (this.#under >= this.#most) {
      if (this.#waiting.length >= this.#mostWaiting) return false;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#under += 1;
    }
    // Whoever has gone meanwhile hands on at once.
    if (response.destroyed) this.#end();
    else response.once('close', () => this.#end());
    return true;
  }

  /** The next one takes over the place, so the number under way stays. */
  #end(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#under -= 1;
  }
}
