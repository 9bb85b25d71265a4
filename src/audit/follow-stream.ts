import { pause } from '../time/clock.js';
import type { AuditReader } from './audit-reader.js';
import type { StoredEntry } from './stored-entry.js';

/** Entries are read by people; one command of Redis each time is what it costs. */
const lookEveryMs = 500;

/** What is written from now on, in pages, until the signal is aborted; with `from` what came after that number too. */
export async function* followStream(
  reader: AuditReader,
  signal: AbortSignal,
  from?: number,
): AsyncGenerator<readonly StoredEntry[]> {
  let seen = from ?? (await reader.head())?.seq ?? 0;
  while (!signal.aborted) {
    const head = await reader.head();
    // A chain that was begun anew is followed from its beginning.
    if (head !== undefined && head.seq < seen) seen = 0;
    if (head !== undefined && head.seq > seen) {
      for await (const page of reader.after(seen)) {
        yield page;
        seen = page.at(-1)?.number ?? seen;
      }
    }
    await pause(lookEveryMs, signal);
  }
}
