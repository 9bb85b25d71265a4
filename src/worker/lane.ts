import type { Logger } from 'pino';
import { errorMessage } from '../errors/error-message.js';
import type { CrashRecord } from '../recovery/crash-record.js';
import type { CrashStore } from '../recovery/crash-store.js';

/** A job that lost its worker again and again, and is to run alone. */
export interface Suspect {
  readonly queue: string;
  readonly jobId: string;
}

/**
 * Runs a suspect in a process of its own, as the worker named `as`; resolves when that process is gone, with how when it did not end by
 * itself and in good order. `stop` asks it to drain.
 */
export type RunAlone = (suspect: Suspect, as: string, stop: AbortSignal) => Promise<CrashRecord | undefined>;

export interface LaneOptions {
  /** The worker whose lane it is. */
  readonly worker: string;
  readonly runAlone: RunAlone;
  readonly crashes: Pick<CrashStore, 'write'>;
  readonly log: Logger;
}

/** Runs suspects, one at a time, each alone in a process of its own, and puts on record how that process ended. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #runs = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get state(): 'free' | 'busy' {
    return this.#running === undefined ? 'free' : 'busy';
  }

  /** Runs a suspect if the lane is free; if not, whoever sent it looks again. */
  isolate(suspect: Suspect): void {
    if (this.#running !== undefined || this.#stopping.signal.aborted) return;
    this.#running = this.#run(suspect).finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when nothing runs there. */
  async whenFree(): Promise<void> {
    await this.#running;
  }

  /** Asks what runs there to drain, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(suspect: Suspect): Promise<void> {
    const { worker, runAlone, crashes, log } = this.#options;
    this.#runs += 1;
    const as = `${worker}-alone-${this.#runs}`;
    try {
      log.info({ worker: as, ...suspect }, 'lane.started');
      const record = await runAlone(suspect, as, this.#stopping.signal);
      if (record === undefined) return;
      log.warn({ worker: as, ...suspect, exitCode: record.exitCode, signal: record.signal }, 'lane.crashed');
      await crashes.write(as, record);
    } catch (error) {
      log.error({ worker: as, ...suspect, err: error }, `lane.failed: ${errorMessage(error)}`);
    }
  }
}
