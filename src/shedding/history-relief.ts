import type { Logger } from 'pino';
import type { AuditNotes } from '../audit/audit-notes.js';
import type { Leadership } from '../recovery/leadership.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { JobHistory } from '../transport/job-history.js';
import { givesUpHistory } from './pressure.js';

export interface HistoryReliefOptions {
  readonly history: Pick<JobHistory, 'trim'>;
  /** How full the memory of Redis is, as it was measured last. */
  readonly memoryRatio: () => number | undefined;
  readonly queues: () => Promise<Iterable<string>>;
  readonly leadership: Leadership;
  readonly audit: Pick<AuditNotes, 'add'>;
  /** Who removes: the audit stream says so. */
  readonly supervisor: string;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'historyTrimmed'>;
}

/** Enough to see what a queue did last. */
const kept = 100;
/** Whoever waits for a result asks twice a second. */
const olderThanMs = 10_000;
/** So many are removed in one call: Redis does nothing else for some four milliseconds. */
const jobsPerCall = 500;
const callsPerLook = 10;

/**
 * Gives memory back while Redis is about to refuse work: what is done gives way before what is to be done. It removes completed jobs, the
 * oldest first, down to the last hundred of each queue, whatever the kinds' retention promises; never a dead letter, never a record of a key.
 */
export class HistoryRelief {
  readonly #options: HistoryReliefOptions;
  #isOn = false;

  constructor(options: HistoryReliefOptions) {
    this.#options = options;
  }

  /** One look: removes up to some thousand jobs of each queue where memory is short. */
  async relieve(): Promise<void> {
    const { memoryRatio, queues, log } = this.#options;
    const ratio = memoryRatio();
    const wasOn = this.#isOn;
    this.#isOn = givesUpHistory(ratio, wasOn);
    if (this.#isOn !== wasOn) {
      log[this.#isOn ? 'warn' : 'info'](
        { memoryRatio: ratio, kept },
        this.#isOn ? 'history.gives_way' : 'history.stays',
      );
      this.#writeDown(ratio);
    }
    if (!this.#isOn) return;
    for (const queue of await queues()) if ((await this.#trim(queue)) === 'deposed') return;
  }

  /** The next leader finds out for itself. */
  clear(): void {
    this.#isOn = false;
  }

  #writeDown(memoryRatio: number | undefined): void {
    const { audit, supervisor, leadership } = this.#options;
    const { term } = leadership;
    const fence = term === undefined ? {} : { fence: term };
    const what = this.#isOn ? 'history.give_way' : 'history.stay';
    audit.add({ by: supervisor, what, why: 'memory', ...fence, details: { memoryRatio, kept } });
  }

  async #trim(queue: string): Promise<'done' | 'deposed'> {
    const { history, leadership, metrics } = this.#options;
    for (let call = 0; call < callsPerLook; call++) {
      const epoch = leadership.term;
      if (epoch === undefined) return 'deposed';
      const reply = await history.trim(queue, { keep: kept, most: jobsPerCall, olderThanMs }, epoch);
      if (reply.kind === 'deposed') {
        leadership.deposed(epoch);
        return 'deposed';
      }
      if (reply.jobs > 0) metrics.historyTrimmed.inc({ queue }, reply.jobs);
      if (reply.jobs < jobsPerCall) return 'done';
    }
    return 'done';
  }
}
