import type { Logger } from 'pino';
import type { Metrics } from '../telemetry/metrics.js';
import type { AuditHead, AuditReader } from './audit-reader.js';

export interface HeadWitnessOptions {
  readonly reader: Pick<AuditReader, 'head'>;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'auditEntries' | 'auditTrimmed'>;
}

/**
 * Carries the head of the chain out of Redis: into the log, which is kept elsewhere, and into the metrics. Whoever writes the whole chain
 * anew cannot change what the log has said.
 */
export class HeadWitness {
  readonly #options: HeadWitnessOptions;
  #seen: AuditHead | undefined;

  constructor(options: HeadWitnessOptions) {
    this.#options = options;
  }

  /** Says where the chain stands, if that is news. */
  async look(): Promise<void> {
    const { reader, log, metrics } = this.#options;
    const head = await reader.head();
    const before = this.#seen;
    if (before && isSetBack(before, head)) {
      // A Redis that failed over may have lost its last second; so may somebody's hand have done it.
      log.error({ before, now: head ?? null }, 'audit.set_back');
    }
    this.#seen = head;
    if (head === undefined) return;
    metrics.auditEntries.set(head.seq);
    metrics.auditTrimmed.set(head.trimmed);
    if (head.hash !== before?.hash) log.info(head, 'audit.head');
  }

  /** Forgets what it saw: somebody else looks. */
  clear(): void {
    this.#seen = undefined;
    this.#options.metrics.auditEntries.clear();
    this.#options.metrics.auditTrimmed.clear();
  }
}

function isSetBack(before: AuditHead, head: AuditHead | undefined): boolean {
  return head === undefined || head.seq < before.seq || (head.seq === before.seq && head.hash !== before.hash);
}
