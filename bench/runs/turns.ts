interface Waiting {
  readonly go: () => void;
  readonly giveUp: (error: unknown) => void;
}

/** Lets several runs go on by turns: one part of each to a round, no two at once, and a round when all are ready for it. */
export class Turns<Name extends string> {
  readonly #names: readonly Name[];
  readonly #waiting = new Map<Name, Waiting>();
  /** Who has not had a turn in this round. */
  #left: Name[] = [];
  #rounds = 0;
  #broken: { readonly error: unknown } | undefined;

  constructor(names: readonly Name[]) {
    this.#names = names;
  }

  /** Runs a part when it is the turn of `name`. */
  async take<T>(name: Name, part: () => Promise<T>): Promise<T> {
    if (this.#broken !== undefined) throw this.#broken.error;
    await new Promise<void>((go, giveUp) => {
      this.#waiting.set(name, { go, giveUp });
      if (this.#waiting.size === this.#names.length) this.#startRound();
    });
    const result = await part();
    this.#next();
    return result;
  }

  /** One of them has failed, and no round will be complete again: whoever waits for a turn, or asks for one later, gets the first error. */
  breakOff(error: unknown): void {
    this.#broken ??= { error };
    for (const { giveUp } of this.#waiting.values()) giveUp(error);
    this.#waiting.clear();
  }

  /** Each begins with another one, so that none always follows the same. */
  #startRound(): void {
    const from = this.#rounds % this.#names.length;
    this.#rounds += 1;
    this.#left = [...this.#names.slice(from), ...this.#names.slice(0, from)];
    this.#next();
  }

  #next(): void {
    const name = this.#left.shift();
    if (name === undefined) return;
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    waiting?.go();
  }
}
