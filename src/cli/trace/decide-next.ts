import type { BreakerState } from '../../breaker/breaker-state.js';
import type { WorkerView } from '../status/read-workers.js';
import type { Service } from './judge-fleet.js';

/** Where a job is, and who could do something about it: what decides about what happens to it next. */
export interface Present {
  /** BullMQ's word for its state, of one that has not ended. */
  readonly state: string;
  /** How many go before it, if that is known. */
  readonly ahead?: number;
  readonly dueAt?: number;
  /** Why it is set aside, if it is. */
  readonly parkedFor?: string;
  /** The breaker for which it is set aside, if it is for one, as it is now. */
  readonly breaker?: BreakerState;
  /** Why it was delayed, if it was not parked. */
  readonly delayedBy: 'delay' | 'backoff';
  readonly runner?: Runner;
  /** Why the worker that takes it is to fail it, if it is. */
  readonly willFail?: string;
  readonly children: number;
  readonly paused: boolean;
  /** How long the queue's rate limit lets no job start. */
  readonly limitedForMs: number;
  /** How many jobs the queue runs at most, when it does run so many. */
  readonly fullAt?: number;
  readonly service: Service;
  readonly hasLeader: boolean;
}

/** Who holds the lease of a job. */
export interface Runner {
  /** Undefined for a plain BullMQ worker, which says nothing of itself. */
  readonly worker?: string;
  readonly leaseForMs: number;
  /** What its beat says; undefined when there is none. */
  readonly state?: WorkerView['state'];
  readonly blockedMs?: number;
  /** Since the job was started. */
  readonly forMs?: number;
  readonly progress?: unknown;
  /** Why it was told to call the job off, when it has not heard of that yet. */
  readonly toldToCancel?: string;
}

/** What happens next to a job. The names are stable: programs read them with `--json`. */
export type Next =
  | { readonly what: 'nothing'; readonly because: 'completed' | 'failed' | 'dead_lettered' }
  | { readonly what: 'ends'; readonly runner: Runner }
  /** Its worker is lost: the leader puts it back. */
  | { readonly what: 'recovered'; readonly runner?: Runner; readonly obstacles: readonly Obstacle[] }
  | {
      readonly what: 'starts';
      readonly ahead?: number;
      readonly freeSlots: number;
      readonly obstacles: readonly Obstacle[];
    }
  | { readonly what: 'due'; readonly at: number; readonly because: string; readonly obstacles: readonly Obstacle[] }
  /** The leader brings it back when its breaker closes; `at` is when it comes back by itself. */
  | { readonly what: 'returns'; readonly at: number; readonly breaker: string; readonly obstacles: readonly Obstacle[] }
  /** It runs alone as soon as a worker has room for that; `at` is when it comes back by itself. */
  | {
      readonly what: 'isolated';
      readonly at: number;
      readonly freeLanes: number;
      readonly obstacles: readonly Obstacle[];
    }
  | { readonly what: 'children_end'; readonly children: number }
  /** It is in no place: the leader's census finds it. */
  | { readonly what: 'repaired'; readonly obstacles: readonly Obstacle[] };

/** What is in the way of a job. */
export type Obstacle =
  | { readonly what: 'queue_paused' }
  | { readonly what: 'no_worker'; readonly idle: Service['idle'] }
  | { readonly what: 'kind_unknown'; readonly workers: number; readonly idle: Service['idle'] }
  | { readonly what: 'some_know_not'; readonly workers: number }
  | { readonly what: 'rate_limited'; readonly forMs: number }
  | { readonly what: 'queue_full'; readonly most: number }
  | { readonly what: 'no_slot' }
  | { readonly what: 'no_lane' }
  | { readonly what: 'lanes_busy'; readonly lanes: number }
  | { readonly what: 'no_leader' }
  | { readonly what: 'breaker'; readonly breaker: BreakerState }
  | { readonly what: 'will_fail'; readonly message: string };

/** Decides what happens next to a job that has not ended, and what is in its way. Pure. */
export function decideNext(present: Present): Next {
  const { state, runner } = present;
  switch (state) {
    case 'active':
      return runner === undefined ||
        runner.state === 'silent' ||
        (runner.worker !== undefined && runner.state === undefined)
        ? { what: 'recovered', ...(runner && { runner }), obstacles: leaderObstacles(present) }
        : { what: 'ends', runner };
    case 'waiting-children':
      return { what: 'children_end', children: present.children };
    case 'delayed':
      return decideReturn(present);
    case 'waiting':
    case 'prioritized': {
      const { ahead, service } = present;
      const full = service.serving > 0 && service.freeSlots === 0 ? [{ what: 'no_slot' as const }] : [];
      const obstacles = [...startObstacles(present), ...full];
      return { what: 'starts', ...(ahead !== undefined && { ahead }), freeSlots: service.freeSlots, obstacles };
    }
    default:
      return { what: 'repaired', obstacles: leaderObstacles(present) };
  }
}

/** A delayed job comes back when it is due; a suspect sooner, if somebody can run it alone, and one whose breaker closes. */
function decideReturn(present: Present): Next {
  const { dueAt = 0, parkedFor, breaker, delayedBy, service } = present;
  if (breaker !== undefined) {
    const closed: Obstacle[] = breaker.phase === 'closed' ? [] : [{ what: 'breaker', breaker }];
    const obstacles = [...closed, ...startObstacles(present), ...leaderObstacles(present)];
    return { what: 'returns', at: dueAt, breaker: breaker.name, obstacles };
  }
  if (parkedFor !== 'quarantine') {
    return { what: 'due', at: dueAt, because: parkedFor ?? delayedBy, obstacles: startObstacles(present) };
  }
  const { lanes, freeLanes } = service;
  const lane: Obstacle[] = lanes === 0 ? [{ what: 'no_lane' }] : freeLanes === 0 ? [{ what: 'lanes_busy', lanes }] : [];
  const obstacles = [...startObstacles(present), ...leaderObstacles(present), ...lane];
  return { what: 'isolated', at: dueAt, freeLanes, obstacles };
}

function startObstacles({ paused, limitedForMs, fullAt, service, willFail }: Present): Obstacle[] {
  const { serving, strangers, idle } = service;
  return [
    ...(paused ? [{ what: 'queue_paused' as const }] : []),
    ...(serving === 0 && strangers === 0 ? [{ what: 'no_worker' as const, idle }] : []),
    ...(serving === 0 && strangers > 0 ? [{ what: 'kind_unknown' as const, workers: strangers, idle }] : []),
    ...(serving > 0 && strangers > 0 ? [{ what: 'some_know_not' as const, workers: strangers }] : []),
    ...(limitedForMs > 0 ? [{ what: 'rate_limited' as const, forMs: limitedForMs }] : []),
    ...(fullAt === undefined ? [] : [{ what: 'queue_full' as const, most: fullAt }]),
    ...(willFail === undefined ? [] : [{ what: 'will_fail' as const, message: willFail }]),
  ];
}

function leaderObstacles({ hasLeader }: Present): Obstacle[] {
  return hasLeader ? [] : [{ what: 'no_leader' }];
}
