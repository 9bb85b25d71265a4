import { InvalidArgumentError } from 'commander';
import type { Suspect } from '../../worker/lane.js';

/** The one job that a worker process is there for, and the name it goes by. */
export interface SuspectRole extends Suspect {
  readonly as: string;
}

/** Tells the process that is started for a suspect which one it is, and who it is itself. */
export function writeSuspectRole({ queue, jobId, as }: SuspectRole): string {
  return JSON.stringify({ queue, jobId, as });
}

/** Reads what the worker whose lane it is has written. The name becomes that of connections, which have no blanks. */
export function parseSuspectRole(text: string): SuspectRole {
  const { queue, jobId, as } = fieldsOf(text);
  if (typeof queue === 'string' && typeof jobId === 'string' && typeof as === 'string' && /^[\w.-]+$/.test(as)) {
    return { queue, jobId, as };
  }
  throw new InvalidArgumentError('Expected JSON with queue, jobId and as, from the worker whose lane it is.');
}

function fieldsOf(text: string): Partial<Record<keyof SuspectRole, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
