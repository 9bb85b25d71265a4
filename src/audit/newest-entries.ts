import type { EpochMs } from '../time/duration.js';
import { type AuditFilter, matchesAudit } from './audit-filter.js';
import type { AuditReader } from './audit-reader.js';
import { dayOf } from './day.js';
import type { StoredEntry } from './stored-entry.js';

/** A day is named by Redis' clock, and a moment is told on the clock of whoever decided: theirs may be ahead. */
const mostAheadMs = 3_600_000;

/** The newest entries that a filter lets through, so many at most, the oldest of them first. Reads no more than it needs. */
export async function newestEntries(reader: AuditReader, filter: AuditFilter, limit: number): Promise<StoredEntry[]> {
  const found: StoredEntry[] = [];
  const first = filter.since === undefined ? '' : dayOf((filter.since - mostAheadMs) as EpochMs);
  for (const day of (await reader.days()).reverse()) {
    if (day < first) break;
    for await (const page of reader.pagesBack(day)) {
      found.push(...page.filter((entry) => matchesAudit(filter, entry)));
      if (found.length >= limit) return found.slice(0, limit).reverse();
    }
  }
  return found.reverse();
}
