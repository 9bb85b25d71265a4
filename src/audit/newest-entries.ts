import { type AuditFilter, matchesAudit } from './audit-filter.js';
import type { AuditReader } from './audit-reader.js';
import type { StoredEntry } from './stored-entry.js';

/** The newest entries that a filter lets through, so many at most, the oldest of them first. Reads no more than it needs. */
export async function newestEntries(reader: AuditReader, filter: AuditFilter, limit: number): Promise<StoredEntry[]> {
  const found: StoredEntry[] = [];
  for (const day of (await reader.days()).reverse()) {
    for await (const page of reader.pagesBack(day)) {
      found.push(...page.filter((entry) => matchesAudit(filter, entry)));
      if (found.length >= limit) return found.slice(0, limit).reverse();
    }
  }
  return found.reverse();
}
