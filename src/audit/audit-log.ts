import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';

/** One thing that somebody decided or did, for whoever asks later. */
export type AuditEntry = LetterEntry | BreakerEntry | ScaleEntry | ShedEntry;

interface EntryBasics {
  /** Who: the id of a supervisor, or user@host of an operator. */
  readonly by: string;
  /** The rule that asked for it, or the command; what an operator said where he was asked. */
  readonly why: string;
  /** What else is worth knowing; kept short by whoever writes it. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface LetterEntry extends EntryBasics {
  readonly what: 'dead_letters.drop' | 'dead_letters.purge' | 'dead_letters.redrive' | 'dead_letters.import';
  readonly queue: string;
  /** How many jobs it is about. */
  readonly count: number;
}

interface BreakerEntry extends EntryBasics {
  readonly what: 'breaker.open' | 'breaker.close' | 'breaker.isolate' | 'breaker.release';
  readonly breaker: string;
}

interface ScaleEntry extends EntryBasics {
  readonly what: 'scale.set' | 'scale.release';
  readonly group: string;
}

interface ShedEntry extends EntryBasics {
  readonly what: 'shed.set' | 'shed.release';
}

const appendAuditScript = defineScript({
  file: new URL('./lua/append-audit.lua', import.meta.url),
  keys: ['day'],
  args: ['most', 'ttl'],
  rest: true,
  reply: String,
});

/** Version of the format of an entry. */
const version = 1;
/** Some 25 MB at most. Too few: a day of many decisions loses its morning. */
const entriesPerDay = 100_000;
/** Long enough to be asked about last month; entries are few. */
const keptMs = 35 * 86_400_000;

/**
 * The audit stream: what changed jobs without their handlers having done it, what breakers did, and what operators set. One stream a day,
 * bounded and with a time to live; read it with `XRANGE`.
 *
 * It lies in another slot of a cluster than the queues, so an entry cannot be written in the same step as what it tells of. It is written
 * before, as an intent: after a crash in between it tells of more than was done, never of less. Whoever cannot write it does nothing. Only
 * what breakers did by themselves is written after: nobody asked for it, and it does not wait to be told.
 */
export class AuditLog {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /** Writes down what is about to be done. Rejects when Redis does not take it: then do not do it. */
  async append(entry: AuditEntry, now: EpochMs): Promise<void> {
    const { by, what, why, details } = entry;
    const subject = {
      ...('queue' in entry && { queue: entry.queue }),
      ...('breaker' in entry && { breaker: entry.breaker }),
      ...('group' in entry && { group: entry.group }),
      why,
      ...('count' in entry && { count: entry.count }),
    };
    const fields = { v: version, at: now, by, what, ...subject, details: JSON.stringify(details) };
    await appendAuditScript.run(
      this.#client,
      { day: this.#keyspace.audit(dayOf(now)) },
      { most: entriesPerDay, ttl: keptMs },
      Object.entries(fields).flat(),
    );
  }
}

/** The day of a moment in UTC: `20260304`. */
export function dayOf(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll('-', '');
}
