import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { AuditContendedError } from './audit-contended-error.js';
import { type AuditEntry, fieldsOf } from './audit-entry.js';
import { type ChainPoint, chained } from './chain.js';
import { dayOf } from './day.js';
import { countGivingWay } from './trim.js';

/** Where the chain stands, as the script saw it. */
interface Standing extends ChainPoint {
  /** The day of its last entry; empty before the first. */
  readonly day: string;
  /** Redis' clock. */
  readonly now: EpochMs;
}

type AppendReply = { readonly kind: 'written' | 'moved'; readonly standing: Standing } | Full;

interface Full {
  readonly kind: 'full';
  readonly standing: Standing;
  /** The first entry that the day ever had. */
  readonly from: number;
  /** The last one that is to give way. */
  readonly through: number;
}

const appendAuditScript = defineScript({
  file: new URL('./lua/append-audit.lua', import.meta.url),
  keys: ['head', 'day'],
  args: ['follows', 'most', 'ttl', 'trim', 'name'],
  rest: true,
  reply: (raw): AppendReply => {
    const [code, seq, hash, day, now, from, through] = raw as [number, number, string, string, number, number, number];
    const standing = { seq, hash, day, now: now as EpochMs };
    if (code === -1) return { kind: 'full', standing, from, through };
    return { kind: code === 1 ? 'written' : 'moved', standing };
  },
});

/** How much is kept. */
export interface AuditBounds {
  readonly entriesPerDay: number;
  /** How long a day is kept after its last entry, in milliseconds. */
  readonly keptMs: number;
}

/**
 * Some 10 MB a day at most, when something is decided every four seconds from morning to night. Fewer: a day of many decisions loses its
 * morning. More: Redis is there for jobs, and `audit export` keeps all of them elsewhere. Five weeks are long enough to be asked about
 * last month.
 */
export const auditBounds: AuditBounds = { entriesPerDay: 20_000, keptMs: 35 * 86_400_000 };

/** Each attempt fails only because another one succeeded: so many in a row are a fault of something else. */
const mostAttempts = 100;

export interface AuditLogOptions {
  readonly bounds?: AuditBounds;
  /** Redis' clock in its place, for tests. */
  readonly redisNow?: () => EpochMs;
}

/**
 * The audit stream: what changed jobs without their handlers having done it, what breakers and leaders did, and what operators set. One
 * stream a day, bounded and with a time to live, in one chain (`chain.ts`) that goes on from day to day. Not a word of single jobs in their
 * normal life.
 *
 * Several write at once: leader and operators. Whoever appends computes the hash, and the script takes the entry only when the chain still
 * stands where the writer saw it; else the writer tries again from where it stands now. So the chain never forks, and Redis need
 * not know of SHA-256.
 *
 * It lies in another slot of a cluster than the queues, so an entry cannot be written in the same step as what it tells of. What was asked
 * for is written before, as an intent: after a crash in between it tells of more than was done, never of less. Whoever cannot write it
 * does nothing. Only what the pool does by itself to protect jobs is written after: nobody asked for it, and it does not wait to be told.
 */
export class AuditLog {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #bounds: AuditBounds;
  readonly #redisNow: (() => EpochMs) | undefined;

  constructor(client: RedisClient, keyspace: Keyspace, { bounds = auditBounds, redisNow }: AuditLogOptions = {}) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#bounds = bounds;
    this.#redisNow = redisNow;
  }

  /**
   * Writes down what is about to be done, or was. In which day it lies is for Redis' clock to say; `now` is when it was decided, on the
   * clock of whoever did.
   *
   * @throws AuditContendedError when too many write at once; what ioredis throws when Redis does not take it. Then do not do it.
   */
  async append(entry: AuditEntry, now: EpochMs): Promise<void> {
    // To ask first costs a round trip, and entries are few. The answer also says which day it is.
    let { standing } = await this.#ask(dayOf(now));
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const reply = await this.#write(fieldsOf(entry, now), standing, 0);
      if (reply === 'written') return;
      standing = reply.kind === 'full' ? await this.#trim(entry.by, reply) : reply.standing;
    }
    throw new AuditContendedError(entry.what, mostAttempts);
  }

  /** The oldest of a full day give way, and the chain says so. Answers where it stands then, whoever did it. */
  async #trim(by: string, { standing, from, through }: Full): Promise<Standing> {
    const day = this.#dayFor(standing);
    const count = countGivingWay(this.#bounds.entriesPerDay);
    const entry = { by, what: 'audit.trim', why: 'full', count, details: { day, from, through } } as const;
    const reply = await this.#write(fieldsOf(entry, standing.now), standing, through);
    return reply === 'written' ? (await this.#ask(day)).standing : reply.standing;
  }

  async #write(
    entry: Readonly<Record<string, string>>,
    standing: Standing,
    trim: number,
  ): Promise<'written' | Exclude<AppendReply, { kind: 'written' }>> {
    const day = this.#dayFor(standing);
    // The first entry of a day names the day before it, so that a whole day cannot go unnoticed.
    const begins = standing.day !== '' && standing.day !== day ? { after: standing.day } : {};
    const fields = chained({ ...entry, ...begins }, standing);
    const reply = await this.#run(day, { follows: standing.hash, trim }, Object.entries(fields).flat());
    // An answer that was lost with its connection is asked for again: it may be this entry that the chain stands at.
    if (reply.kind === 'written' || reply.standing.hash === fields['hash']) return 'written';
    return reply as Exclude<AppendReply, { kind: 'written' }>;
  }

  #ask(day: string): Promise<AppendReply> {
    return this.#run(day, { follows: '', trim: 0 }, []);
  }

  async #run(day: string, { follows, trim }: { readonly follows: string; readonly trim: number }, words: string[]) {
    const { entriesPerDay: most, keptMs: ttl } = this.#bounds;
    const keys = { head: this.#keyspace.auditHead, day: this.#keyspace.audit(day) };
    return appendAuditScript.run(this.#client, keys, { follows, most, ttl, trim, name: day }, words);
  }

  /** One clock says what day it is, and it never goes back: a chain that did could not be read in order. */
  #dayFor({ day, now }: Standing): string {
    const today = dayOf(this.#redisNow?.() ?? now);
    return today > day ? today : day;
  }
}
