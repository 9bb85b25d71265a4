import { exitCodeOfSignal } from '../exit-code.js';
import { joinKeeper, type KeeperLink } from './keeper-link.js';

type StopSignal = 'SIGTERM' | 'SIGINT';

/** Who asked a process to stop. */
export type StopReason = StopSignal | 'keeper' | 'keeper_gone';

/**
 * Waits for the wish that this process stop: a signal, or its keeper. The first one asks for a drain; a second signal insists;
 * a third ends the process on the spot.
 *
 * A Ctrl-C reaches every process of the terminal. A kept child leaves it to its keeper, whose own word would else look like
 * a second one.
 */
export class StopRequest {
  /** Resolves with the first wish. */
  readonly received: Promise<StopReason>;
  /** Resolves with the signal that could not wait for the drain. */
  readonly insisted: Promise<StopSignal>;
  readonly link: KeeperLink | undefined;
  #receive: (reason: StopReason) => void = () => undefined;
  #insist: (signal: StopSignal) => void = () => undefined;
  #reason: StopReason | undefined;
  #signals = 0;

  constructor({ kept }: { readonly kept: boolean }) {
    this.received = new Promise((resolve) => {
      this.#receive = resolve;
    });
    this.insisted = new Promise((resolve) => {
      this.#insist = resolve;
    });
    process.on('SIGTERM', () => this.#onSignal('SIGTERM')).on('SIGINT', () => this.#onSignal('SIGINT'));
    this.link = kept ? joinKeeper((reason) => this.#note(reason)) : undefined;
  }

  /** Undefined while nobody has asked. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  #onSignal(signal: StopSignal): void {
    if (signal === 'SIGINT' && this.link?.connected) return;
    // The keeper's wish may come together with a signal to the whole group, so it does not count as the first of two.
    this.#signals += this.#reason === 'keeper_gone' ? 2 : 1;
    if (this.#signals === 1) this.#note(signal);
    else if (this.#signals === 2) this.#insist(signal);
    else process.exit(exitCodeOfSignal(signal));
  }

  #note(reason: StopReason): void {
    this.#reason ??= reason;
    this.#receive(reason);
  }
}
