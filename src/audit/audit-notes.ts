import type { Logger } from 'pino';
import type { Clock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import type { AuditEntry } from './audit-entry.js';
import type { AuditLog } from './audit-log.js';

export interface AuditNotesOptions {
  readonly audit: Pick<AuditLog, 'append'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** So many wait at most while Redis is away. A pool that decides more in that time has other worries, and its log has them all. */
const mostWaiting = 1_000;

/**
 * What the pool did by itself, on its way to the audit stream: written after it was done, in order, and nobody waits for it. What cannot be
 * written is in the log.
 */
export class AuditNotes {
  readonly #options: AuditNotesOptions;
  readonly #waiting: { readonly entry: AuditEntry; readonly at: EpochMs }[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: AuditNotesOptions) {
    this.#options = options;
  }

  /** Takes an entry of what was done at this moment. */
  add(entry: AuditEntry): void {
    if (this.#waiting.length >= mostWaiting) {
      this.#options.log.error({ entry }, 'audit.not_written: too many wait');
      return;
    }
    this.#waiting.push({ entry, at: this.#options.clock.now() });
    this.#writing ??= this.#write();
  }

  /** Resolves when nothing waits any more. */
  async written(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { entry, at } = next;
      try {
        await this.#options.audit.append(entry, at);
      } catch (error) {
        this.#options.log.error({ err: error, entry }, 'audit.not_written');
      }
      this.#waiting.shift();
    }
    this.#writing = undefined;
  }
}
