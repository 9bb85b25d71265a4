import { errorMessage } from '../errors/error-message.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { dayOf } from './audit-log.js';

/** An entry of the audit stream as people look at it: what happened, to what, by whom and why. */
export interface RecentEntry {
  readonly at: EpochMs;
  /** `breaker.open`, `dead_letters.redrive`, … */
  readonly what: string;
  /** The queue, breaker or group that it is about; null when it is about the whole pool. */
  readonly subject: string | null;
  readonly by: string;
  readonly why: string;
  /** How many jobs it is about; null when it counts none. */
  readonly count: number | null;
}

const dayMs = 86_400_000;

/** The last entries of today and yesterday, the newest first. Two commands; each reads no more entries than are asked for. */
export async function readRecentEntries(
  client: RedisClient,
  keyspace: Keyspace,
  now: EpochMs,
  most: number,
): Promise<RecentEntry[]> {
  const days = [now, (now - dayMs) as EpochMs];
  const streams = await Promise.all(
    days.map((day) =>
      client.xrevrange(keyspace.audit(dayOf(day)), '+', '-', 'COUNT', most).catch(noEntriesInWrongType),
    ),
  );
  return streams
    .flat()
    .flatMap(([, words]) => parseRecentEntry(words) ?? [])
    .slice(0, most);
}

/** Reads the fields of an entry, which anybody may have written; undefined when it does not say when, what and who. */
export function parseRecentEntry(words: readonly string[]): RecentEntry | undefined {
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < words.length; at += 2) fields.set(words[at] ?? '', words[at + 1] ?? '');
  const [at, count] = [Number(fields.get('at')), Number(fields.get('count') ?? Number.NaN)];
  const [what, by] = [fields.get('what'), fields.get('by')];
  if (!Number.isFinite(at) || what === undefined || by === undefined) return undefined;
  return {
    at: at as EpochMs,
    what,
    subject: fields.get('queue') ?? fields.get('breaker') ?? fields.get('group') ?? null,
    by,
    why: fields.get('why') ?? '',
    count: Number.isFinite(count) ? count : null,
  };
}

/** What somebody else put in the place of a stream holds no entries. */
function noEntriesInWrongType(error: unknown): [string, string[]][] {
  if (/^WRONGTYPE\b/.test(errorMessage(error))) return [];
  throw error;
}
