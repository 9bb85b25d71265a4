import type { Logger } from 'pino';
import { errorMessage } from '../errors/error-message.js';
import { pause } from '../time/clock.js';
import type { Service } from './service.js';

export interface PeriodicServiceOptions {
  /** Names the service in logs and metrics, in kebab-case. */
  readonly name: string;
  /** A function is asked before every pause. */
  readonly intervalMs: number | (() => number);
  /** One run: read, decide, write, report. The signal is aborted when the service stops. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
  /** Told of every run that ended, with how long it took. */
  readonly onRun?: (result: 'ok' | 'error', durationMs: number) => void;
  readonly random?: () => number;
}

/** Failed runs back off to at most this, or to the interval where that is longer: what was down should be noticed when it is back. */
const longestBackoffMs = 1_000;

/**
 * Runs something again and again with a jittered pause in between (±10 %, so that replicas do not march in step).
 *
 * A failed run is logged once, counted, and tried again after a growing pause; it never ends the service.
 */
export class PeriodicService implements Service {
  readonly #options: PeriodicServiceOptions;
  #stopping = new AbortController();
  #pausing = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: PeriodicServiceOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#loop !== undefined) return;
    this.#stopping = new AbortController();
    this.#loop = this.#runUntilStopped(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pausing.abort();
    await this.#loop;
    this.#loop = undefined;
  }

  /** Lets the next run begin without a pause. */
  wake(): void {
    this.#pausing.abort();
  }

  get #intervalMs(): number {
    const { intervalMs } = this.#options;
    return typeof intervalMs === 'number' ? intervalMs : intervalMs();
  }

  async #runUntilStopped(signal: AbortSignal): Promise<void> {
    const { name, run, log, onRun, random = Math.random } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const pausing = new AbortController();
      this.#pausing = pausing;
      try {
        await run(signal);
        if (failures > 0) log.info({ service: name, failures }, 'service.recovered');
        failures = 0;
        onRun?.('ok', performance.now() - startedAt);
      } catch (error) {
        if (signal.aborted) break;
        failures += 1;
        if (failures === 1) log.warn({ service: name, err: error }, `service.failed: ${errorMessage(error)}`);
        onRun?.('error', performance.now() - startedAt);
      }
      const intervalMs = this.#intervalMs;
      const pauseMs =
        failures === 0 ? intervalMs : Math.max(intervalMs, Math.min(intervalMs * 2 ** failures, longestBackoffMs));
      await pause(pauseMs * (0.9 + 0.2 * random()), pausing.signal);
    }
  }
}
