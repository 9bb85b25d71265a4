import { type AuditFilter, matchesAudit } from '../../audit/audit-filter.js';
import type { AuditReader } from '../../audit/audit-reader.js';
import { followStream } from '../../audit/follow-stream.js';
import type { Output } from '../output.js';
import { interruptible } from '../process/interrupt.js';
import { renderEntry } from './render-entry.js';

/** Shows what is written after a number, until Ctrl-C or until nobody reads any more. */
export async function followEntries(
  reader: AuditReader,
  filter: AuditFilter,
  from: number,
  output: Output,
): Promise<void> {
  await interruptible(async (signal) => {
    for await (const page of followStream(reader, signal, from)) {
      const lines = page
        .filter((entry) => matchesAudit(filter, entry))
        .map((entry) => `${renderEntry(entry, output.paint)}\n`);
      if (lines.length > 0 && !(await output.pour(lines.join('')))) return;
    }
  });
}
