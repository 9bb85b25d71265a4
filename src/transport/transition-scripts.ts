import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { queueKeys } from './queue-keys.js';
import type { TakenJob } from './work-calls.js';

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
  args: ['id', 'token', 'base', 'crash', 'keep', 'failure', 'epoch', 'reason', 'worker'],
  reply: recoveryReply,
});

/** What `releaseScript` touches to put a job back. */
export function releaseKeys(keyspace: Keyspace, queue: string, id: string) {
  const { active, stalled, wait, prioritized, pc, marker, events, meta, '': base } = queueKeys(keyspace, queue);
  const [job, fence] = [`${base}${id}`, keyspace.fence(queue)];
  return { job, active, stalled, wait, prioritized, priorityCounter: pc, marker, events, meta, fence };
}

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
    'crash',
    'keepCrashes',
    'ledgerBase',
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

export const quarantineScript = defineScript({
  file: file('quarantine'),
  keys: [
    'job',
    'active',
    'stalled',
    'delayed',
    'parked',
    'events',
    'meta',
    'marker',
    'wait',
    'prioritized',
    'priorityCounter',
    'fence',
  ],
  args: ['id', 'token', 'base', 'parkedBase', 'crash', 'keep', 'delay', 'spacing', 'most', 'epoch'],
  reply: recoveryReply,
});

export const takeSuspectScript = defineScript({
  file: file('take-suspect'),
  keys: ['active', 'delayed', 'parked', 'events', 'meta', 'limiter'],
  args: ['base', 'ledgerBase', 'id', 'token', 'lease', 'worker', 'keepKeys'],
  reply: (raw) => {
    const [job, at] = raw as [job: TakenJob, at: number] | [];
    return job === undefined ? undefined : { job, at: at as EpochMs };
  },
});

/** What became of the wish to call a job off. `running` names the lease of who runs it. */
export type CancelReply =
  | { readonly kind: 'cancelled' | 'marked' | 'not_found' | 'not_waiting' | 'scheduled' }
  | { readonly kind: 'running'; readonly token: string };

export const cancelScript = defineScript({
  file: file('cancel'),
  keys: [
    'job',
    'active',
    'wait',
    'prioritized',
    'delayed',
    'priorityCounter',
    'marker',
    'events',
    'meta',
    'deadFailed',
    'deadEvents',
    'deadMeta',
    'turns',
  ],
  args: ['id', 'base', 'deadBase', 'record', 'message', 'parkedBase', 'ledgerBase', 'dry'],
  reply: (raw): CancelReply => {
    const [code, token] = raw as [number, string];
    switch (code) {
      case 0:
        return { kind: 'cancelled' };
      case 1:
        return { kind: 'marked' };
      case -1:
        return { kind: 'not_found' };
      case -2:
        return { kind: 'running', token };
      case -3:
        return { kind: 'not_waiting' };
      case -4:
        return { kind: 'scheduled' };
      default:
        throw new TypeError(`unknown code ${String(code)}`);
    }
  },
});

export const repairJobScript = defineScript({
  file: file('repair-job'),
  keys: [
    'wait',
    'active',
    'prioritized',
    'delayed',
    'waitingChildren',
    'completed',
    'failed',
    'paused',
    'job',
    'priorityCounter',
    'marker',
    'events',
    'meta',
    'fence',
  ],
  args: ['id', 'base', 'keep', 'isDead', 'epoch'],
  reply: (raw): 'repaired' | 'left' | 'deposed' => {
    if (raw === -7) return 'deposed';
    return raw === 1 ? 'repaired' : 'left';
  },
});

export const leaseRenewScript = defineScript({
  file: file('lease-renew'),
  keys: ['active', 'stalled'],
  args: ['base', 'lease', 'jobs'],
  reply: strings,
});
