import { errorMessage } from '../errors/error-message.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { dayOf } from './day.js';
import { entryOfStream, type StoredEntry } from './stored-entry.js';
import { tellEntry } from './told-entry.js';

/** An entry of the audit stream as people look at it: what happened, to what, by whom and why. */
export interface RecentEntry {
  readonly at: EpochMs;
  /** `breaker.open`, `dead_letters.redrive`, … */
  readonly what: string;
  /** What it is about: a queue, a breaker, a worker, or a job and its queue; null when it is about the whole pool. */
  readonly subject: string | null;
  readonly by: string;
  readonly why: string;
  /** How many jobs it is about; null when it counts none. */
  readonly count: number | null;
}

const dayMs = 86_400_000;

/**
 * The last entries of today and yesterday, the newest first. Two commands, each of which reads no more entries than are asked for: for whoever asks
 * again every second. `AuditReader` reads everything that is left.
 */
export async function readRecentEntries(
  client: RedisClient,
  keyspace: Keyspace,
  now: EpochMs,
  most: number,
): Promise<RecentEntry[]> {
  const days = [now, (now - dayMs) as EpochMs];
  const streams = await Promise.all(
    days.map(async (day) => {
      const place = dayOf(day);
      const found = await client.xrevrange(keyspace.audit(place), '+', '-', 'COUNT', most).catch(noEntriesInWrongType);
      return found.map((entry) => entryOfStream(place, entry));
    }),
  );
  return streams
    .flat()
    .flatMap((entry) => recentEntry(entry) ?? [])
    .slice(0, most);
}

/** An entry in short, which anybody may have written; undefined when it does not say when, what and who. */
export function recentEntry(entry: StoredEntry): RecentEntry | undefined {
  const { at, what, by, why, subject, count } = tellEntry(entry);
  if (at === null || what === '' || by === '') return undefined;
  return { at: at as EpochMs, what, subject: Object.values(subject).join(' ') || null, by, why, count };
}

/** What somebody else put in the place of a stream holds no entries. */
function noEntriesInWrongType(error: unknown): [string, string[]][] {
  if (/^WRONGTYPE\b/.test(errorMessage(error))) return [];
  throw error;
}
