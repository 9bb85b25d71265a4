import type { EpochMs } from '../time/duration.js';

/** What a keeper saw of the death of a worker process. */
export interface CrashRecord {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** Null when it ended by itself. */
  readonly signal: string | null;
  /** On the clock of the keeper's machine, like `endedAt`. */
  readonly startedAt?: EpochMs;
  readonly endedAt: EpochMs;
  /** The last lines of its output, oldest first, without secrets; at most 20 lines and 4 KiB. */
  readonly lines: readonly string[];
}

const maxLines = 20;
const maxBytes = 4_096;

/** Reads a record without trust: anybody may have written it. Undefined when it is none. */
export function parseCrashRecord(json: string): CrashRecord | undefined {
  let given: Partial<Record<keyof CrashRecord, unknown>>;
  try {
    given = Object(JSON.parse(json)) as typeof given;
  } catch {
    return undefined;
  }
  const { exitCode, signal, startedAt, endedAt, lines } = given;
  if (!isMoment(endedAt)) return undefined;
  return {
    exitCode: Number.isInteger(exitCode) ? (exitCode as number) : null,
    signal: typeof signal === 'string' ? signal.slice(0, 20) : null,
    ...(isMoment(startedAt) && { startedAt }),
    endedAt,
    lines: Array.isArray(lines) ? lastOf(lines.filter((line) => typeof line === 'string')) : [],
  };
}

/** The last lines that fit into a record. Of a last line that is too long alone, its beginning. Pure. */
export function lastOf(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines.slice(-maxLines).reverse()) {
    const size = Buffer.byteLength(line);
    if (bytes + size > maxBytes) {
      if (kept.length === 0) kept.push(beginningOf(line));
      break;
    }
    bytes += size;
    kept.unshift(line);
  }
  return kept;
}

/** A character that was cut in two is left out. */
function beginningOf(line: string): string {
  return Buffer.from(line)
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD$/, '');
}

function isMoment(value: unknown): value is EpochMs {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
