import type { RecentEntry } from '../../audit/recent-entries.js';
import type { BreakerState } from '../../breaker/breaker-state.js';
import type { Criticality } from '../../job/criticality.js';
import type { ShedReason } from '../../job/shed-reason.js';
import type { ShedOrder } from '../../shedding/shed-order.js';
import type { EpochMs } from '../../time/duration.js';
import type { LeaderView } from '../status/read-leader.js';
import type { QueueView } from '../status/read-queues.js';
import type { WorkerView } from '../status/read-workers.js';
import type { SloState } from './slo-state.js';

/** Grows when a field changes its meaning or goes away; new fields may come without. */
export const pictureVersion = 1;

/** The pool at one moment, as `bulwark top` shows it: what `--json` writes. */
export interface PoolPicture {
  readonly v: typeof pictureVersion;
  /** On Redis' clock. */
  readonly at: EpochMs;
  /** For how long it was read: two round trips to Redis, whatever is asked. */
  readonly readMs: number;
  readonly redis: {
    readonly address: string;
    readonly namespace: string;
    readonly usedMemoryBytes: number | null;
    /** Null when there is no limit. */
    readonly maxMemoryBytes: number | null;
  };
  /** Null when nobody leads. */
  readonly leader: LeaderView | null;
  readonly overload: OverloadView;
  readonly queues: Listed<TopQueue>;
  readonly workers: Listed<WorkerView>;
  /** Those that are not closed, and those that closed lately. */
  readonly breakers: Listed<TopBreaker>;
  readonly groups: readonly TopGroup[];
  /** What was decided or done last, the newest first. */
  readonly decisions: readonly RecentEntry[];
}

/** A list that has an end: `total` says how many there are. */
export interface Listed<T> {
  readonly total: number;
  readonly rows: readonly T[];
}

/** What gives way. */
export interface OverloadView {
  /** Which part of all that arrives gives way, from 0 to 1. */
  readonly share: number;
  readonly reason: ShedReason | null;
  /** Which part of each class gives way, from 0 to 1. */
  readonly classes: Readonly<Record<Criticality, number>>;
  /** Who ordered it, where somebody did. */
  readonly order: (ShedOrder & { readonly endsInMs: number | null }) | null;
}

export interface TopQueue extends QueueView {
  readonly slo: SloState;
  /** Jobs a second over the last few seconds; null until it was counted twice. */
  readonly rates: { readonly inPerSecond: number; readonly outPerSecond: number } | null;
  readonly shed: {
    /** Which part of what arrives gives way, from 0 to 1. */
    readonly share: number;
    /** Which part of its slots it may use, from 0 to 1: less than 1 while it is shut or comes back. */
    readonly opening: number;
    /** Whether it holds as many jobs as it may, and takes no more. */
    readonly full: boolean;
  };
  /** How many jobs are set aside, by why: they are among the delayed ones. */
  readonly setAside: { readonly shed: number; readonly retryBudget: number };
}

export interface TopBreaker {
  readonly state: BreakerState;
  /** How many jobs are set aside because of it; null when it was not counted. */
  readonly setAside: number | null;
}

/** What the autoscaler wants for a group. */
export interface TopGroup {
  readonly group: string;
  readonly desired: number;
  readonly current: number;
  readonly why: string;
}
