import type { EpochMs } from '../time/duration.js';

/** How the process of a worker ended, as whoever had started it saw. */
export interface CrashRecord {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly endedAt: EpochMs;
  /** What it wrote last, redacted. */
  readonly lines: readonly string[];
}

/** Reads a record that anybody may have written; undefined when it is none. */
export function parseCrashRecord(json: string | null): CrashRecord | undefined {
  try {
    const { exitCode, signal, endedAt, lines } = Object(JSON.parse(json ?? 'null')) as Partial<CrashRecord>;
    if (!Number.isFinite(endedAt) || !Array.isArray(lines)) return undefined;
    return {
      exitCode: typeof exitCode === 'number' ? exitCode : null,
      signal: typeof signal === 'string' ? signal : null,
      endedAt: endedAt as EpochMs,
      lines: lines.filter((line) => typeof line === 'string'),
    };
  } catch {
    return undefined;
  }
}
