import type { Logger } from 'pino';
import type { AuditLog } from '../audit/audit-log.js';
import { errorMessage } from '../errors/error-message.js';
import type { Leadership } from '../recovery/leadership.js';
import type { RedisClient } from '../redis/connection.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { EpochMs } from '../time/duration.js';
import type { DeadLetterStore } from './dead-letter-store.js';
import { type Drop, decideDrops, type RetentionPolicy } from './decide-drops.js';
import { LetterTally, tellCauses } from './group-letters.js';

export interface RetentionSweeperOptions {
  readonly client: Pick<RedisClient, 'time'>;
  readonly letters: (queue: string) => DeadLetterStore;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly queues: () => Promise<Iterable<string>>;
  readonly leadership: Leadership;
  readonly policy: RetentionPolicy;
  /** Who drops: the audit stream says so. */
  readonly supervisor: string;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'deadLettersDropped'>;
}

const lettersPerPage = 250;
/** What one sweep drops of a queue; the rest is for the next one. */
const pagesPerSweep = 40;

/**
 * Drops dead letters that are too old or too many, and never in silence: each page of them is written to the audit stream before it goes,
 * with the causes they died of, counted as it goes, and logged once per sweep.
 *
 * A letter goes by one script, which checks that it is still the one that was meant, and that nobody else leads.
 */
export class RetentionSweeper {
  readonly #options: RetentionSweeperOptions;

  constructor(options: RetentionSweeperOptions) {
    this.#options = options;
  }

  /** One look at every queue. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { policy, queues } = this.#options;
    if (policy.keepMs === false && policy.keepCount === false) return;
    const failures: Error[] = [];
    for (const queue of await queues()) {
      if (signal.aborted) return;
      // One queue that cannot be written must not keep the others from being looked at.
      await this.#sweepQueue(queue, signal).catch((cause: unknown) => {
        failures.push(new Error(`dead letters of queue ${queue} cannot be dropped: ${errorMessage(cause)}`, { cause }));
      });
    }
    if (failures.length > 0) throw failures[0];
  }

  async #sweepQueue(queue: string, signal: AbortSignal): Promise<void> {
    const { letters, leadership, policy, log } = this.#options;
    const store = letters(queue);
    const tally = new LetterTally();
    const dropped = { age: 0, count: 0 };
    try {
      for (let page = 0; page < pagesPerSweep && !signal.aborted; page++) {
        const epoch = leadership.term;
        if (epoch === undefined) return;
        const [oldest, count, now] = await Promise.all([store.oldest(lettersPerPage), store.count(), this.#now()]);
        const drops = decideDrops(oldest, count, policy, now);
        for (const drop of drops) dropped[drop.reason] += await this.#drop(store, drop, { epoch, now, tally });
        const chosen = drops.reduce((sum, drop) => sum + drop.letters.length, 0);
        if (chosen < oldest.length || oldest.length < lettersPerPage) return;
      }
    } finally {
      if (dropped.age + dropped.count > 0) {
        log.warn({ queue, ...dropped, causes: tellCauses(tally.groups()) }, 'dead_letters.dropped');
      }
    }
  }

  async #drop(
    store: DeadLetterStore,
    { reason, letters }: Drop,
    { epoch, now, tally }: { readonly epoch: number; readonly now: EpochMs; readonly tally: LetterTally },
  ): Promise<number> {
    const { audit, supervisor, leadership, metrics } = this.#options;
    const { queue } = store;
    const found = (await store.summaries(letters.map(({ deadId }) => deadId))).filter((letter) => letter !== undefined);
    const causes = new LetterTally();
    for (const letter of found) causes.add(letter);
    // The stream lies in another slot than the queue. Written before: a crash in between leaves an entry too many, never one too few.
    await audit.append(
      {
        by: supervisor,
        what: 'dead_letters.drop',
        queue,
        why: reason,
        count: letters.length,
        fence: epoch,
        details: { from: letters[0]?.diedAt, to: letters.at(-1)?.diedAt, causes: tellCauses(causes.groups()) },
      },
      now,
    );
    const byId = new Map(found.map((letter) => [letter.deadId, letter]));
    const purges = await Promise.allSettled(letters.map((letter) => store.purge(letter, epoch)));
    const replies = purges.map((purge) => (purge.status === 'fulfilled' ? purge.value : undefined));
    let dropped = 0;
    for (const [index, letter] of letters.entries()) {
      if (replies[index] !== 'deleted') continue;
      dropped += 1;
      const summary = byId.get(letter.deadId);
      if (summary) tally.add(summary);
    }
    if (dropped > 0) metrics.deadLettersDropped.inc({ queue, reason }, dropped);
    if (replies.includes('deposed')) leadership.deposed(epoch);
    // What was dropped is told all the same.
    for (const purge of purges) if (purge.status === 'rejected') throw purge.reason;
    return dropped;
  }

  /** Letters died by Redis' clock, so they grow old by it. */
  async #now(): Promise<EpochMs> {
    const [seconds] = await this.#options.client.time();
    return (Number(seconds) * 1_000) as EpochMs;
  }
}
