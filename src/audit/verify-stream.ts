import type { EpochMs } from '../time/duration.js';
import { auditBounds } from './audit-log.js';
import type { AuditReader } from './audit-reader.js';
import type { ChainPoint } from './chain.js';
import { type ChainReport, ChainVerifier } from './chain-verifier.js';
import { startOf } from './day.js';
import type { StoredEntry } from './stored-entry.js';

export interface VerifyOptions {
  /** The first day that is looked at; all that are left without it. */
  readonly since?: string;
  /** Points of the chain that were kept elsewhere. */
  readonly kept?: readonly ChainPoint[];
  /** How many entries a day has when it is full. */
  readonly entriesPerDay?: number;
}

/** Entries may be written meanwhile; more often than this the end is not looked for. */
const mostPasses = 10;

/**
 * Goes through the audit stream to where the chain stands. A day alone proves nothing of its end, so it is never less than all that
 * follows. What gives way while it reads would be missed in the midst of a day, so then it reads again.
 */
export async function verifyStream(reader: AuditReader, options: VerifyOptions = {}): Promise<ChainReport> {
  for (let pass = 1; ; pass++) {
    const before = await reader.head();
    const report = await readThrough(reader, options);
    const after = await reader.head();
    if (before?.trimmed === after?.trimmed || pass === mostPasses) return report;
  }
}

async function readThrough(
  reader: AuditReader,
  { since = '', kept = [], entriesPerDay = auditBounds.entriesPerDay }: VerifyOptions,
): Promise<ChainReport> {
  const [all, now] = [await reader.days(), await reader.now()];
  const days = all.filter((day) => day >= since);
  const anchor = await lastBefore(reader, all, since);
  const verifier = new ChainVerifier({ kept, entriesPerDay, ...(anchor && { after: anchor }) });
  let first: StoredEntry | undefined;
  for (const day of days) {
    for await (const page of reader.pages(day)) {
      first ??= page[0];
      for (const entry of page) verifier.add(entry);
    }
  }
  const before = first?.fields['after'];
  if (before !== undefined && !all.includes(before) && isStillKept(before, now)) {
    verifier.expectMore((first?.number ?? 1) - 1, before, 'the whole day is missing, and it is not yet due to expire');
  }
  await verifyEnd(reader, verifier, now);
  return verifier.report();
}

async function verifyEnd(reader: AuditReader, verifier: ChainVerifier, now: EpochMs): Promise<void> {
  for (let pass = 0; pass < mostPasses; pass++) {
    const head = await reader.head();
    const last = verifier.last;
    if (head === undefined) {
      if (last) verifier.expectMore(last.seq, 'head', 'the head of the chain is missing, which says where it ends');
      return;
    }
    if (last === undefined && !isStillKept(head.day, now)) return;
    const seen = last?.seq ?? 0;
    // What was written since is no more than what the head says.
    if (head.seq > seen) for await (const page of reader.after(seen)) for (const entry of page) verifier.add(entry);
    if (verifier.last?.seq === last?.seq || pass === mostPasses - 1) return verifier.expectEnd(head, 'head');
  }
}

async function lastBefore(
  reader: AuditReader,
  days: readonly string[],
  since: string,
): Promise<ChainPoint | undefined> {
  const before = days.filter((day) => day < since).at(-1);
  if (before === undefined) return undefined;
  for await (const page of reader.pagesBack(before)) {
    const found = page.find(({ number, fields }) => number !== undefined && fields['hash'] !== undefined);
    if (found) return { seq: found.number ?? 0, hash: found.fields['hash'] ?? '' };
  }
  return undefined;
}

/** A day lives on for so long after its last entry, which it had at its beginning at the earliest. */
function isStillKept(day: string, now: EpochMs): boolean {
  const begin = startOf(day);
  return begin !== undefined && begin + auditBounds.keptMs > now;
}
