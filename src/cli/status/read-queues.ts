import type { QueuePolicy } from '../../job/queue-policy.js';
import type { QueueSample } from '../../transport/view-scripts.js';
import type { RedisSession } from '../redis-session.js';

/** A queue as `status` and `queue ls` show it. */
export interface QueueView extends QueuePolicy {
  readonly queue: string;
  readonly paused: boolean;
  /** How many jobs are in each state, in BullMQ's words; `dead_lettered` are those of its dead-letter queue. */
  readonly jobs: Readonly<
    Omit<QueueSample, 'paused' | 'oldestReadyAt' | 'added' | 'dueSoon' | 'overdueMs' | 'awaitingSlots'>
  >;
  /** How long the job that waits longest has waited; null when none waits. */
  readonly oldestAgeMs: number | null;
}

/** Counts every queue. */
export async function readQueues(redis: RedisSession, now: number): Promise<QueueView[]> {
  const policies = [...(await redis.directory.list())];
  return Promise.all(
    policies.map(async ([queue, policy]) => queueView(queue, policy, await redis.inspector.sample(queue), now)),
  );
}

/** A queue from its policy and a sample of it. Pure. */
export function queueView(queue: string, policy: QueuePolicy, sample: QueueSample, now: number): QueueView {
  const { paused, oldestReadyAt, added, dueSoon, overdueMs, awaitingSlots, ...jobs } = sample;
  const oldestAgeMs = oldestReadyAt === undefined ? null : Math.max(0, now - oldestReadyAt);
  return { queue, ...policy, paused, jobs, oldestAgeMs };
}
