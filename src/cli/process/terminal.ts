import { isatty } from 'node:tty';

/** The terminal that this process was started on, if there was one. Make it early: later it may be gone. */
export class Terminal {
  readonly #descriptors = [0, 1, 2].filter(isatty);

  /** Whether it was closed: the system takes a terminal away from its processes before it tells them by SIGHUP. */
  get closed(): boolean {
    return this.#descriptors.length > 0 && !this.#descriptors.some(isatty);
  }
}
