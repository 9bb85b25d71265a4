import type { AuditReader } from '../../audit/audit-reader.js';
import type { ChainPoint } from '../../audit/chain.js';
import { lineOf } from '../../audit/stored-entry.js';

/** Where an export goes on: behind the last entry that there is, of which only the number may be known. */
export type ExportStart = Pick<ChainPoint, 'seq'> & Partial<ChainPoint>;

export interface ExportResult {
  readonly written: number;
  /** What is wrong with how the entries follow what was there, in words for people. */
  readonly faults: readonly string[];
}

/** Writes entries as lines, the oldest first. What is missing or does not follow is said, and what is there is written all the same. */
export async function exportEntries(
  reader: AuditReader,
  start: ExportStart | undefined,
  take: (lines: string) => Promise<boolean>,
): Promise<ExportResult> {
  const faults: string[] = [];
  let written = 0;
  for await (const page of reader.after(start?.seq ?? 0)) {
    const [first] = page;
    if (written === 0 && start !== undefined && first?.number !== undefined) {
      if (first.number > start.seq + 1) {
        faults.push(
          `entries ${start.seq + 1} to ${first.number - 1} were gone before they were exported: export more often`,
        );
      } else if (start.hash !== undefined && first.fields['prev'] !== start.hash) {
        faults.push(
          `entry ${first.number} does not follow from the last one of the file: the stream was written anew, or is another pool's`,
        );
      }
    }
    written += page.length;
    if (!(await take(page.map(lineOf).join('')))) break;
  }
  return { written, faults: [...faults, ...(await setBack(reader, start, written))] };
}

/** A chain that ends before the file does lost entries: those of the last second with their Redis, or by somebody's hand. */
async function setBack(reader: AuditReader, start: ExportStart | undefined, written: number): Promise<string[]> {
  if (start === undefined || start.seq === 0 || written > 0) return [];
  const head = await reader.head();
  if (head !== undefined && head.seq === start.seq && (start.hash ?? head.hash) === head.hash) return [];
  return [
    `the chain stands at ${head?.seq ?? 'nothing'}, and the file goes on to ${start.seq}: entries were lost or removed, or it is another pool's`,
  ];
}
