import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { auditBounds } from './audit-log.js';
import type { ChainPoint } from './chain.js';
import { daysBetween } from './day.js';
import { entryOfStream, type StoredEntry } from './stored-entry.js';

/** Where the chain stands. */
export interface AuditHead extends ChainPoint {
  /** The day of its last entry. */
  readonly day: string;
  /** How many entries ever gave way because a day was full. */
  readonly trimmed: number;
}

const pageSize = 500;
const dayMs = 86_400_000;

/** Reads the audit stream. */
export class AuditReader {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
  }

  /** Where the chain stands; undefined before its first entry, and when somebody deleted that. */
  async head(): Promise<AuditHead | undefined> {
    const [seq, hash, day, trimmed] = await this.#client.hmget(
      this.#keyspace.auditHead,
      'seq',
      'hash',
      'day',
      'trimmed',
    );
    if (!seq || !hash || !day) return undefined;
    return { seq: Number(seq), hash, day, trimmed: Number(trimmed ?? 0) };
  }

  /** The days of which something is left, the oldest first. They are few and have known names: no key is searched for. */
  async days(): Promise<string[]> {
    const [now, head] = await Promise.all([this.now(), this.head()]);
    // A day lives on for as long after its last entry, which may have come at its end.
    const possible = daysBetween((now - auditBounds.keptMs - dayMs) as EpochMs, now);
    const days = [...new Set([...possible, ...(head ? [head.day] : [])])].sort();
    const there = await Promise.all(days.map((day) => this.#client.exists(this.#keyspace.audit(day))));
    return days.filter((_day, index) => there[index] === 1);
  }

  /** The entries of a day from a number on, the oldest first, in pages. */
  async *pages(day: string, from = 0): AsyncGenerator<StoredEntry[]> {
    let start = `${from}`;
    for (;;) {
      const page = await this.#client.xrange(this.#keyspace.audit(day), start, '+', 'COUNT', pageSize);
      if (page.length > 0) yield page.map((found) => entryOfStream(day, found));
      const last = page.at(-1)?.[0];
      if (last === undefined || page.length < pageSize) return;
      start = `(${last}`;
    }
  }

  /** The entries of a day, the newest first, in pages. */
  async *pagesBack(day: string): AsyncGenerator<StoredEntry[]> {
    let end = '+';
    for (;;) {
      const page = await this.#client.xrevrange(this.#keyspace.audit(day), end, '-', 'COUNT', pageSize);
      if (page.length > 0) yield page.map((found) => entryOfStream(day, found));
      const last = page.at(-1)?.[0];
      if (last === undefined || page.length < pageSize) return;
      end = `(${last}`;
    }
  }

  /** Everything with a higher number, the oldest first, in pages; all there is after 0. */
  async *after(seq: number): AsyncGenerator<StoredEntry[]> {
    for (const day of await this.days()) yield* this.pages(day, seq + 1);
  }

  /** Redis' clock: the days are named by it. */
  async now(): Promise<EpochMs> {
    const [seconds] = await this.#client.time();
    return (Number(seconds) * 1_000) as EpochMs;
  }
}
