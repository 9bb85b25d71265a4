import type { Keyspace } from '../redis/keyspace.js';

/** The parts of BullMQ's layout, each a key of its own. The empty part is what the keys of the jobs begin with. */
const parts = [
  '',
  'active',
  'wait',
  'waiting-children',
  'paused',
  'id',
  'delayed',
  'prioritized',
  'stalled-check',
  'completed',
  'failed',
  'stalled',
  'repeat',
  'limiter',
  'meta',
  'events',
  'pc',
  'marker',
  'de',
] as const;

export type QueueKeys = Readonly<Record<(typeof parts)[number], string>>;

/** Whether a job with this id would lie where the queue keeps something else. Pure. */
export function isReservedId(id: string): boolean {
  // Behind `de:` stand the ids of deduplication.
  return (parts as readonly string[]).includes(id) || id.startsWith('de:');
}

/** All keys of one queue, by part. */
export function queueKeys(keyspace: Keyspace, queue: string): QueueKeys {
  return Object.fromEntries(parts.map((part) => [part, keyspace.queue(queue, part)])) as QueueKeys;
}
