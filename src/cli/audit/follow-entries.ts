import { type AuditFilter, matchesAudit } from '../../audit/audit-filter.js';
import type { AuditReader } from '../../audit/audit-reader.js';
import { followStream } from '../../audit/follow-stream.js';
import type { StoredEntry } from '../../audit/stored-entry.js';
import { interruptible } from '../process/interrupt.js';

/** Shows what is written after a number, until Ctrl-C or until nobody reads any more, which `show` tells with false. */
export async function followEntries(
  reader: AuditReader,
  filter: AuditFilter,
  from: number,
  show: (entries: readonly StoredEntry[]) => Promise<boolean>,
): Promise<void> {
  await interruptible(async (signal) => {
    for await (const page of followStream(reader, signal, from)) {
      const entries = page.filter((entry) => matchesAudit(filter, entry));
      if (entries.length > 0 && !(await show(entries))) return;
    }
  });
}
