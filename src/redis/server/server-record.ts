import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a keeper leaves in its data folder, so that other processes and its successor find its server. */
export interface ServerRecord {
  readonly url: string;
  readonly kind: 'process' | 'embedded';
  readonly pid: number;
  readonly keeperPid: number;
  /** ISO 8601, for people. */
  readonly startedAt: string;
}

/** Reads the record of a data folder; undefined when there is none or it is none of ours. */
export function readServerRecord(dataDir: string): ServerRecord | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(recordFile(dataDir), 'utf8'));
    return isServerRecord(record) ? record : undefined;
  } catch {
    // Missing, or spoilt by hand: both mean that nothing is known.
    return undefined;
  }
}

/** Writes the record in one step: a reader sees the old one or the new one, never half of it. */
export function writeServerRecord(dataDir: string, record: ServerRecord): void {
  const draft = `${recordFile(dataDir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(draft, recordFile(dataDir));
}

/** Takes the record away, when the server has ended. */
export function removeServerRecord(dataDir: string): void {
  rmSync(recordFile(dataDir), { force: true });
}

/** Where the record of a server lies: beside its data. */
export function recordFile(dataDir: string): string {
  return join(dataDir, 'redis.json');
}

function isServerRecord(value: unknown): value is ServerRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { url, kind, pid, keeperPid } = value as Record<string, unknown>;
  return (
    typeof url === 'string' && (kind === 'process' || kind === 'embedded') && isProcessId(pid) && isProcessId(keeperPid)
  );
}

/** Zero and negative numbers name groups of processes: a signal to one of those would hit strangers. */
function isProcessId(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0;
}
