import type { Suspect } from '../../worker/lane.js';
import { UsageError } from '../usage-error.js';

/** The one job that a worker process is there for, and the name it goes by. */
export interface SuspectRole extends Suspect {
  readonly as: string;
}

/** What `worker run --suspect` is given, from one process of ours to another. */
export function encodeSuspect({ queue, jobId, as }: SuspectRole): string {
  return JSON.stringify({ queue, jobId, as });
}

/** @throws UsageError when it is nothing that `encodeSuspect` writes. */
export function parseSuspect(json: string): SuspectRole {
  try {
    const { queue, jobId, as } = Object(JSON.parse(json)) as Partial<Record<string, unknown>>;
    if (typeof queue === 'string' && typeof jobId === 'string' && typeof as === 'string') return { queue, jobId, as };
  } catch {
    // Said below, as for any other text.
  }
  throw new UsageError(
    `--suspect is for workers that start their own; it expects {"queue", "jobId", "as"} as JSON, not ${json}`,
  );
}
