import { exitCodeOfSignal } from '../exit-code.js';
import { joinKeeper, type KeeperLink } from './keeper-link.js';
import { Terminal } from './terminal.js';

type StopSignal = 'SIGTERM' | 'SIGINT';

/** Who or what asked a process to stop. */
export type StopReason = StopSignal | 'SIGHUP' | 'keeper' | 'keeper_gone' | 'replacement' | 'retired';

export interface StopRequestOptions {
  /** Whether a keeper forked this process. */
  readonly kept: boolean;
  /** Whether an operator's SIGHUP means a restart of the processes below, not the end of this one: so it does for a keeper. */
  readonly reloads?: boolean;
}

/**
 * Waits for the wish that this process stop: a signal, or its keeper. The first one asks for a drain; a second signal insists;
 * a third ends the process on the spot.
 *
 * A Ctrl-C, and the end of a terminal, reach every process of the terminal. A kept child leaves them to its keeper, whose own
 * word would else look like a second one.
 *
 * SIGHUP never insists: shell and system both send one when a terminal is closed. A keeper hears two things in it: its terminal
 * was closed, and it drains; or an operator wants its processes restarted.
 */
export class StopRequest {
  /** Resolves with the first wish. */
  readonly received: Promise<StopReason>;
  /** Resolves with the signal that could not wait for the drain. */
  readonly insisted: Promise<StopSignal>;
  readonly link: KeeperLink | undefined;
  /** Called when the keeper needs this process no more, and has time. */
  onUnneeded: () => void = () => undefined;
  /** Called when an operator wants the processes of a keeper restarted. */
  onReload: () => void = () => undefined;
  readonly #terminal = new Terminal();
  readonly #reloads: boolean;
  #receive: (reason: StopReason) => void = () => undefined;
  #insist: (signal: StopSignal) => void = () => undefined;
  #reason: StopReason | undefined;
  #handsOver = false;
  #signals = 0;

  constructor({ kept, reloads = false }: StopRequestOptions) {
    this.#reloads = reloads;
    this.received = new Promise((resolve) => {
      this.#receive = resolve;
    });
    this.insisted = new Promise((resolve) => {
      this.#insist = resolve;
    });
    process
      .on('SIGTERM', () => this.#onSignal('SIGTERM'))
      .on('SIGINT', () => this.#onSignal('SIGINT'))
      .on('SIGHUP', () => this.#onHangup());
    this.link = kept
      ? joinKeeper(
          (reason, handOver) => {
            this.#handsOver ||= handOver;
            this.#note(reason);
          },
          () => this.onUnneeded(),
        )
      : undefined;
  }

  /** Undefined while nobody has asked. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** Whether the successor of this process already runs. */
  get handsOver(): boolean {
    return this.#handsOver;
  }

  /** Asks by itself: whoever started this process will start another. */
  wantReplacement(): void {
    this.#note('replacement');
  }

  /** Asks by itself: it is not needed any more. */
  retire(): void {
    this.#note('retired');
  }

  #onHangup(): void {
    if (this.link?.connected) return;
    if (this.#reloads && !this.#terminal.closed) this.onReload();
    else this.#note('SIGHUP');
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
