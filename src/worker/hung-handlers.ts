import type { Logger } from 'pino';
import { errorMessage } from '../errors/error-message.js';
import type { Clock } from '../time/clock.js';

/** A handler that reacts to no signal. */
export interface HungHandler {
  readonly jobId: string;
  readonly kind: string;
  /** Why its signal was aborted. */
  readonly reason: Error;
  /** Settles should it end after all. */
  readonly ended: Promise<unknown>;
}

export interface HungHandlersOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Told once that the process should be replaced, and why. */
  readonly onHopeless: (reason: string) => void;
}

/**
 * A process lives at least so long before it is replaced for this. Shorter: while a dependency hangs every call, the pool does nothing
 * but restart. Longer: more handlers that nobody waits for hold memory and connections.
 */
const leastAgeMs = 60_000;

/**
 * Keeps count of the handlers that were given up on and go on in the background. Nothing can end them but the end of their process,
 * so it asks for that.
 */
export class HungHandlers {
  readonly #options: HungHandlersOptions;
  readonly #startedAt: number;
  readonly #hung = new Set<HungHandler>();
  #timer: NodeJS.Timeout | undefined;
  #told = false;

  constructor(options: HungHandlersOptions) {
    this.#options = options;
    this.#startedAt = options.clock.elapsed();
  }

  get size(): number {
    return this.#hung.size;
  }

  add(handler: HungHandler): void {
    this.#hung.add(handler);
    const forget = () => {
      this.#hung.delete(handler);
    };
    handler.ended.then(forget, forget);
    const leftMs = leastAgeMs - (this.#options.clock.elapsed() - this.#startedAt);
    if (leftMs <= 0) this.#judge();
    else this.#timer ??= setTimeout(() => this.#judge(), leftMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#told = true;
  }

  #judge(): void {
    const [first] = this.#hung;
    if (this.#told || first === undefined) return;
    this.#told = true;
    const { jobId, kind, reason } = first;
    this.#options.log.error({ jobId, kind, hung: this.size, err: reason }, 'worker.hung');
    this.#options.onHopeless(
      `the handler of job ${jobId} (${kind}) did not react to its signal: ${errorMessage(reason)}`,
    );
  }
}
