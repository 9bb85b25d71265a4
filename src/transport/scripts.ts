import type { DeadLetterRecord } from '../dead-letter/record.js';
import { defineScript } from '../redis/define-script.js';

/** How a transition went: done, or refused because the job is no longer ours to move. Nothing was written then. */
export type TransitionReply = 'done' | 'job_gone' | 'lease_lost';

/** Reads 0 or one of BullMQ's codes. */
export function transitionReply(raw: unknown): TransitionReply {
  switch (raw) {
    case 0:
      return 'done';
    case -1:
      return 'job_gone';
    case -2:
    case -3:
    case -6:
      return 'lease_lost';
    default:
      throw new TypeError(`unknown code ${String(raw)}`);
  }
}

/** The answer to a leader: `deposed` when a later one has written to the queue. Nothing was written then. */
export type RecoveryReply = TransitionReply | 'deposed';

function recoveryReply(raw: unknown): RecoveryReply {
  return raw === -7 ? 'deposed' : transitionReply(raw);
}

function strings(raw: unknown): string[] {
  if (!Array.isArray(raw)) throw new TypeError('expected an array');
  return raw.map(String);
}

const file = (name: string): URL => new URL(`./lua/${name}.lua`, import.meta.url);

export const releaseScript = defineScript({
  file: file('release'),
  keys: ['job', 'active', 'stalled', 'wait', 'prioritized', 'priorityCounter', 'marker', 'events', 'meta', 'fence'],
  args: ['id', 'token', 'crashed', 'failure', 'epoch'],
  reply: recoveryReply,
});

export const deadLetterScript = defineScript({
  file: file('dead-letter'),
  keys: ['job', 'active', 'stalled', 'events', 'meta', 'marker', 'deadFailed', 'deadEvents', 'deadMeta', 'fence'],
  args: [
    'id',
    'token',
    'base',
    'deadBase',
    'record',
    'attempt',
    'keep',
    'message',
    'stack',
    'data',
    'opts',
    'crashed',
    'epoch',
  ],
  reply: (raw): RecoveryReply => (typeof raw === 'string' ? 'done' : recoveryReply(raw)),
});

export const raiseFenceScript = defineScript({
  file: file('raise-fence'),
  keys: ['fence'],
  args: ['epoch'],
  reply: Number,
});

export const leaseRenewScript = defineScript({
  file: file('lease-renew'),
  keys: ['active', 'stalled'],
  args: ['base', 'lease', 'jobs'],
  reply: strings,
});

/** A queue at one moment. `dead_lettered` counts its dead-letter queue; the other states have BullMQ's words. */
export interface QueueSample {
  readonly waiting: number;
  readonly prioritized: number;
  readonly delayed: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  readonly 'waiting-children': number;
  readonly dead_lettered: number;
  readonly paused: boolean;
  /** When the job that waits longest was enqueued; undefined when none waits. */
  readonly oldestEnqueuedAt: number | undefined;
}

export const queueSampleScript = defineScript({
  file: file('queue-sample'),
  keys: ['wait', 'prioritized', 'delayed', 'active', 'completed', 'failed', 'waitingChildren', 'dead', 'meta'],
  args: ['base'],
  reply: (raw): QueueSample => {
    const [waiting, prioritized, delayed, active, completed, failed, waitingChildren, dead, paused, oldest] = (
      raw as unknown[]
    ).map(Number) as [number, number, number, number, number, number, number, number, number, number];
    return {
      waiting,
      prioritized,
      delayed,
      active,
      completed,
      failed,
      'waiting-children': waitingChildren,
      dead_lettered: dead,
      paused: paused === 1,
      oldestEnqueuedAt: oldest < 0 ? undefined : oldest,
    };
  },
});

/** An active job and who holds it. */
export interface ActiveJobOwner {
  readonly id: string;
  /** The lease's token; empty when nobody holds it. */
  readonly token: string;
  /** How often a worker died with this job. */
  readonly crashes: number;
}

export const activeOwnersScript = defineScript({
  file: file('active-owners'),
  keys: ['active'],
  args: ['base', 'from', 'count'],
  reply: (raw): ActiveJobOwner[] =>
    (raw as [string, string, string][]).map(([id, token, crashes]) => ({ id, token, crashes: Number(crashes) || 0 })),
});

export const strayJobsScript = defineScript({
  file: file('stray-jobs'),
  keys: ['active'],
  args: ['base', 'prefix', 'count'],
  reply: (raw) => (raw as [string, string][]).map(([id, token]) => ({ id, token })),
});

/** How far a job is, as seen from outside. */
export type JobOutcomeView =
  | { readonly state: 'pending' }
  | { readonly state: 'completed'; readonly result: unknown }
  | { readonly state: 'dead_lettered'; readonly record: DeadLetterRecord }
  /** Failed inside its queue: a job of a flow, or one that a plain BullMQ worker ran. */
  | { readonly state: 'failed'; readonly message: string }
  /** Not there any more: completed long ago and removed, or purged. */
  | { readonly state: 'gone' };

export const jobOutcomesScript = defineScript({
  file: file('job-outcomes'),
  keys: ['meta'],
  args: ['base', 'deadBase', 'ids'],
  reply: (raw): JobOutcomeView[] => (raw as [string, string][]).map(([state, json]) => outcomeView(state, json)),
});

function outcomeView(state: string, json: string): JobOutcomeView {
  switch (state) {
    case 'pending':
    case 'gone':
      return { state };
    case 'completed':
      return { state, result: JSON.parse(json) };
    case 'dead_lettered':
      return { state, record: JSON.parse(json) as DeadLetterRecord };
    case 'failed':
      return { state, message: String(JSON.parse(json)) };
    default:
      throw new TypeError(`unknown state ${state}`);
  }
}
