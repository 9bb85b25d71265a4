import type { JobCrash } from '../job/crash.js';
import type { EpochMs } from '../time/duration.js';
import type { Testimony } from './crash-witness.js';

export interface CrashEvidence extends Testimony {
  readonly at: EpochMs;
  /** The worker that was lost. */
  readonly worker: string;
  /** Whether its connections to Redis were seen to be gone. */
  readonly isGone: boolean;
}

/** A job keeps so much of what the process wrote. */
const keptCharacters = 1_000;

/** Puts together what a job keeps of the loss of its worker. Pure. */
export function describeCrash({ at, worker, isGone, beat, record }: CrashEvidence): JobCrash {
  return {
    at,
    how: isGone || record !== undefined ? 'exited' : 'silent',
    worker,
    ...(beat?.suspect !== undefined && { alone: true }),
    ...(record?.exitCode != null && { exitCode: record.exitCode }),
    ...(record?.signal != null && { signal: record.signal }),
    ...(beat && { rssBytes: beat.rssBytes, loopDelayMs: beat.loopDelayMs }),
    ...(beat?.blockedMs !== undefined && { blockedMs: beat.blockedMs }),
    ...(record && { lines: lastLines(record.lines) }),
  };
}

function lastLines(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let room = keptCharacters;
  for (const line of [...lines].reverse()) {
    if (line.length > room && kept.length > 0) break;
    kept.unshift(line.slice(0, room));
    room -= line.length;
  }
  return kept;
}

/** How the process ended, in words that follow "the last one"; undefined when nobody saw it. */
export function spokenEnd({ exitCode, signal }: JobCrash): string | undefined {
  if (signal !== undefined) return `killed by ${signal}`;
  return exitCode === undefined ? undefined : `with exit code ${exitCode}`;
}
