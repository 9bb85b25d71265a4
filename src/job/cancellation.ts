/** Something that is under way and can be ended. */
export interface Abortable {
  abort(reason: Error): void;
}

/**
 * Calls off one run of a job, once, with a reason.
 *
 * It stands in for an AbortController, whose signal costs more to make than everything else about a short job: the signal is made
 * when somebody first asks for it, and most handlers never look.
 */
export class Cancellation {
  #reason: Error | undefined;
  #controller: AbortController | undefined;
  #listener: ((reason: Error) => void) | undefined;
  /** Mostly there is one at a time, and a set for one costs more than the rest. */
  #call: Abortable | undefined;
  #otherCalls: Set<Abortable> | undefined;

  /** Why the run was called off; undefined while it was not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Aborted together with the run. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Calls the run off. What is said after the first time changes nothing. */
  abort(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#listener?.(reason);
    this.#call?.abort(reason);
    for (const call of this.#otherCalls ?? []) call.abort(reason);
  }

  /** Has something end with the run, until `release`. Any number at once. Not for a run that was called off already. */
  hold(call: Abortable): void {
    if (this.#call === undefined) {
      this.#call = call;
      return;
    }
    this.#otherCalls ??= new Set();
    this.#otherCalls.add(call);
  }

  release(call: Abortable): void {
    if (this.#call === call) this.#call = undefined;
    else this.#otherCalls?.delete(call);
  }

  /** Has `listener` told when the run is called off; one listener at a time, the one who runs the handler. */
  onAbort(listener: (reason: Error) => void): void {
    this.#listener = listener;
    if (this.#reason) listener(this.#reason);
  }
}
