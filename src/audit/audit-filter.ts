import type { EpochMs } from '../time/duration.js';
import type { StoredEntry } from './stored-entry.js';

/** What entries must have in common. What is not said may be anything. */
export interface AuditFilter {
  /** `breaker.open`, or `breaker` for all that was done to one. */
  readonly what?: string;
  readonly by?: string;
  readonly queue?: string;
  /** Decided at this moment or later, on the clock of whoever decided. */
  readonly since?: EpochMs;
}

/** Whether a filter lets an entry through. Pure. */
export function matchesAudit({ what, by, queue, since }: AuditFilter, { fields }: StoredEntry): boolean {
  const deed = fields['what'] ?? '';
  return (
    (what === undefined || deed === what || deed.startsWith(`${what}.`)) &&
    (by === undefined || fields['by'] === by) &&
    (queue === undefined || fields['queue'] === queue) &&
    (since === undefined || Number(fields['at']) >= since)
  );
}
