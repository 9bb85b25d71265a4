import type { DeadLetterRecord } from '../dead-letter/record.js';
import { type JobCrash, parseCrashes } from '../job/crash.js';
import { defineScript } from '../redis/define-script.js';
import { readRow } from '../redis/read-row.js';
import type { EpochMs } from '../time/duration.js';
import { parseOr } from './parse-or.js';

const file = (name: string): URL => new URL(`./lua/${name}.lua`, import.meta.url);
const isOne = (word: unknown): boolean => Number(word) === 1;
/** A script says -1 of what there is none of. */
const unlessNegative = (word: unknown): number | undefined => (Number(word) < 0 ? undefined : Number(word));
const unlessEmpty = (word: unknown): string | undefined => (word === '' ? undefined : String(word));

/** A job that waits for a process of its own. */
export interface Suspect {
  readonly id: string;
  readonly kind: string;
}

export const suspectsScript = defineScript({
  file: file('suspects'),
  keys: ['parked', 'meta'],
  args: ['base', 'count'],
  reply: (raw): Suspect[] => (raw as [string, string][]).map(([id, kind]) => ({ id, kind })),
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
  /** Since when the job that waits longest has been able to start; undefined when none waits. */
  readonly oldestReadyAt: number | undefined;
  /** How many jobs were ever added, those counted too that were there already. */
  readonly added: number;
  /**
   * How many delayed jobs are due within `dueSoonMs`, or were set aside because there was too much to do; without those that wait for a slot of
   * their tenant while there is work.
   */
  readonly dueSoon: number;
  /** How late the delayed job is that should have been ready first; 0 when none is late. */
  readonly overdueMs: number;
  /** How many of the delayed jobs wait for a slot of their tenant. */
  readonly awaitingSlots: number;
}

/** How far `dueSoon` looks ahead: about as long as a new worker takes on a bad day, from the wish for it to its first job. */
export const dueSoonMs = 60_000;

export const queueSampleScript = defineScript({
  file: file('queue-sample'),
  keys: [
    'wait',
    'prioritized',
    'delayed',
    'active',
    'completed',
    'failed',
    'waitingChildren',
    'dead',
    'meta',
    'id',
    'awaitingSlots',
    'shed',
  ],
  args: ['base', 'soon'],
  reply: (raw): QueueSample =>
    readRow(raw, {
      waiting: Number,
      prioritized: Number,
      delayed: Number,
      active: Number,
      completed: Number,
      failed: Number,
      'waiting-children': Number,
      dead_lettered: Number,
      paused: isOne,
      oldestReadyAt: unlessNegative,
      added: Number,
      dueSoon: Number,
      overdueMs: Number,
      awaitingSlots: Number,
    }),
});

/** An active job and who holds it. */
export interface ActiveJobOwner {
  readonly id: string;
  /** The lease's token; empty when nobody holds it. */
  readonly token: string;
  /** How often it was started; tells one run from another. */
  readonly starts: string;
  /** How it lost workers before. */
  readonly crashes: readonly JobCrash[];
}

export const activeOwnersScript = defineScript({
  file: file('active-owners'),
  keys: ['active'],
  args: ['base', 'from', 'count'],
  reply: (raw): ActiveJobOwner[] =>
    (raw as [string, string, string, string][]).map(([id, token, starts, crashes]) => ({
      id,
      token,
      starts,
      crashes: parseCrashes(crashes),
    })),
});

export const strayJobsScript = defineScript({
  file: file('stray-jobs'),
  keys: ['active'],
  args: ['base', 'prefix', 'count'],
  reply: (raw) => (raw as [string, string][]).map(([id, token]) => ({ id, token })),
});

/** How near a job is to being run, and what is in its way, at one moment. */
export interface JobStanding {
  /** How many go before it; undefined when it does not wait, or too many do to count. */
  readonly ahead: number | undefined;
  /** When it is due, if it is delayed. */
  readonly dueAt: number | undefined;
  /** Why it is set aside, if it is. */
  readonly parkedFor: string | undefined;
  /** Who runs it: the lease's token, and for how long the lease goes on. */
  readonly lease: { readonly token: string; readonly forMs: number } | undefined;
  readonly paused: boolean;
  /** How many jobs the queue runs at most, if it was told. */
  readonly concurrency: number | undefined;
  readonly active: number;
  /** How long the queue's rate limit lets no job start; 0 when it does. */
  readonly limitedForMs: number;
  /** How many children it waits for. */
  readonly children: number;
  /** When all this was so, on Redis' clock. */
  readonly now: EpochMs;
}

export const jobStandingScript = defineScript({
  file: file('job-standing'),
  keys: ['job', 'wait', 'active', 'prioritized', 'delayed', 'meta', 'limiter'],
  args: ['id', 'parkedBase', 'within'],
  reply: (raw): JobStanding => {
    const { token, leasedMs, ...standing } = readRow(raw, {
      ahead: unlessNegative,
      dueAt: unlessNegative,
      parkedFor: unlessEmpty,
      token: unlessEmpty,
      leasedMs: Number,
      paused: isOne,
      concurrency: unlessNegative,
      active: Number,
      limitedForMs: Number,
      children: Number,
      now: (word) => word as EpochMs,
    });
    return { ...standing, lease: token === undefined ? undefined : { token, forMs: Math.max(0, leasedMs) } };
  },
});

/** What a queue's events tell of a job: BullMQ's word for what happened, and the state it had before. */
export interface JobEventView {
  readonly at: number;
  readonly event: string;
  readonly prev: string;
}

export const jobEventsScript = defineScript({
  file: file('job-events'),
  keys: ['events'],
  args: ['id', 'before', 'count'],
  reply: (raw): { readonly next: string; readonly events: JobEventView[] } => {
    const [next, events] = raw as [string, [string, string, string][]];
    return { next, events: events.map(([id, event, prev]) => ({ at: Number.parseInt(id, 10), event, prev })) };
  },
});

/** How far a job is, as seen from outside. */
export type JobOutcomeView =
  | { readonly state: 'pending' }
  /** `fallback`: the result is that of the kind's fallback, which ran because a dependency was down or there was too much to do. */
  | { readonly state: 'completed'; readonly result: unknown; readonly fallback?: true }
  | { readonly state: 'dead_lettered'; readonly record: DeadLetterRecord }
  /** Failed inside its queue: a job of a flow, or one that a plain BullMQ worker ran. */
  | { readonly state: 'failed'; readonly message: string }
  /** Not there any more: completed long ago and removed, or purged. */
  | { readonly state: 'gone' };

export const jobOutcomesScript = defineScript({
  file: file('job-outcomes'),
  keys: ['meta'],
  args: ['base', 'deadBase', 'ledgerBase', 'ids'],
  reply: (raw): JobOutcomeView[] => (raw as [string, string][]).map(([state, json]) => outcomeView(state, json)),
});

function outcomeView(state: string, json: string): JobOutcomeView {
  switch (state) {
    case 'pending':
    case 'gone':
      return { state };
    case 'completed':
      return { state, result: JSON.parse(json) };
    case 'fallback':
      return { state: 'completed', result: JSON.parse(json), fallback: true };
    case 'dead_lettered': {
      const record = parseOr(json, undefined) as DeadLetterRecord | undefined;
      // Anybody may have written it.
      if (typeof record?.error?.message === 'string') return { state, record };
      return { state: 'failed', message: 'it was dead-lettered, and its record cannot be read' };
    }
    case 'failed':
      return { state, message: String(JSON.parse(json)) };
    default:
      throw new TypeError(`unknown state ${state}`);
  }
}
