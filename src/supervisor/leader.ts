import type { AuditLog } from '../audit/audit-log.js';
import type { AuditNotes } from '../audit/audit-notes.js';
import type { Leadership } from '../recovery/leadership.js';
import type { OpenRedis } from '../redis/open-redis.js';
import type { LeaderQueues } from './leader-queues.js';
import type { SupervisorParts } from './supervisor-parts.js';

/** What all that a supervisor does as the leader goes by. */
export interface Leader extends Omit<SupervisorParts, 'redis'> {
  /** Which supervisor it is. */
  readonly id: string;
  readonly open: OpenRedis;
  readonly queues: LeaderQueues;
  readonly leadership: Leadership;
  /** For what is written down before it is done. */
  readonly audit: AuditLog;
  /** For what is written down after it was done. */
  readonly notes: AuditNotes;
}

/** Something that the leader does again and again, and a standby does not. */
export interface LeaderService {
  /** Names it in logs and metrics, in kebab-case. */
  readonly name: string;
  readonly intervalMs: number;
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Who tells the metrics of the pool in it: they take it back when somebody else leads. */
  readonly tellers?: readonly { clear(): void }[];
}
