import { type QueueFlow, serviceMsOf } from '../flow/queue-flow.js';

/** What is known of one queue of a group. */
export interface QueueLoad {
  readonly queue: string;
  readonly flow: QueueFlow;
  /** How long its jobs may wait. */
  readonly sloMs: number;
  /** How long the one that waits longest has waited; 0 when none does. */
  readonly oldestAgeMs: number;
  /** How many of its jobs one worker runs at the same time; undefined while no worker has said so. */
  readonly slotsPerWorker: number | undefined;
}

/** What speaks against more workers, however long jobs wait. */
export interface ScaleGate {
  /** Whether a dependency of the group's jobs is known to fail: more workers would only press it harder. */
  readonly breakersOpen: boolean;
  /** 0 none, 1 some, 2 and above: Redis is about to refuse work, and more workers would add to its load. */
  readonly redisPressure: number;
  /** How many workers it may have then; as many as there are when absent. */
  readonly held?: number;
}

/**
 * Why a group needs so many workers. `idle`: there is nothing to do. `minimum`: there is something, and one worker is enough. `demand`: as
 * much comes. `backlog`: so much waits. `late`: jobs wait for longer than they may. `unmeasured`: nobody knows yet how long they take.
 * `breaker_open`, `redis_pressure`: it needs more and must not have them.
 */
export type ScaleReason =
  | 'idle'
  | 'minimum'
  | 'demand'
  | 'backlog'
  | 'late'
  | 'unmeasured'
  | 'breaker_open'
  | 'redis_pressure';

/** What one queue asks for, and what that was reckoned from. */
export interface QueueNeed {
  readonly queue: string;
  readonly replicas: number;
  readonly why: ScaleReason;
  readonly jobsPerSecond: number;
  /** Null while no job has run. */
  readonly serviceMs: number | null;
  readonly backlog: number;
  readonly dueSoon: number;
  readonly oldestAgeMs: number;
  /** Null while no worker has said so. */
  readonly slotsPerWorker: number | null;
}

export interface GroupNeed {
  readonly replicas: number;
  readonly why: ScaleReason;
  /** In the order in which they were given. */
  readonly queues: readonly QueueNeed[];
}

/** Slots that are all busy let jobs wait at the least unevenness; this part of them is meant to be. */
const busyRatio = 0.75;
/** What waits is to be gone in this part of the time that it may wait, so that what comes meanwhile is not late. */
const drainRatio = 0.5;
/** At most so many times the workers there are, when jobs are late: whatever the reason is, it must be seen to help before more come. */
const mostTimes = 2;
const pressureThatGates = 2;
const minuteMs = 60_000;

/**
 * Says how many workers a group needs now. Pure.
 *
 * A worker has slots of its own for each queue, so the group needs what its neediest queue does. That follows from Little's law: the slots
 * that the jobs keep busy as they come, those that what is due within a minute adds, and those that drain what waits in half of the time
 * that it may wait.
 *
 * @param current - how many workers take its jobs now.
 */
export function decideReplicas(loads: readonly QueueLoad[], current: number, gate: ScaleGate): GroupNeed {
  const queues = loads.map((load) => needOf(load, current));
  const neediest = queues.reduce<Pick<GroupNeed, 'replicas' | 'why'>>(
    (most, need) => (need.replicas > most.replicas ? need : most),
    { replicas: 0, why: 'idle' },
  );
  // Without any worker nobody could find out that the dependency is well again.
  const most = Math.max(gate.held ?? current, 1);
  const reason = gateReason(gate);
  if (reason === undefined || neediest.replicas <= most) return { ...pick(neediest), queues };
  return { replicas: most, why: reason, queues };
}

function needOf(load: QueueLoad, current: number): QueueNeed {
  const { flow, oldestAgeMs, slotsPerWorker } = load;
  const { last, latest, minute } = flow;
  const backlog = last.waiting + last.prioritized;
  // What is due all the time is in the rate already; what is due beyond that is known a minute ahead.
  const jobsPerSecond = rateOf(load) + Math.max(0, latest.due - minute.due);
  const serviceMs = serviceMsOf(flow);
  return {
    queue: load.queue,
    ...replicasOf(load, { jobsPerSecond, serviceMs, backlog, current }),
    jobsPerSecond: rounded(jobsPerSecond),
    serviceMs: serviceMs === undefined ? null : rounded(serviceMs),
    backlog,
    dueSoon: last.dueSoon,
    oldestAgeMs: Math.round(oldestAgeMs),
    slotsPerWorker: slotsPerWorker ?? null,
  };
}

/**
 * How many jobs come a second. The last minute counts, because workers for a burst that may wait would be paid for nothing. Jobs that may
 * not wait for a minute cannot wait for its average either: of them the last seconds count, where those brought more than the spare slots
 * are there for.
 */
function rateOf({ flow: { recent, minute }, sloMs }: QueueLoad): number {
  const isRush = sloMs < minuteMs && recent.ready > minute.ready / busyRatio;
  return isRush ? recent.ready : minute.ready;
}

interface Measured {
  readonly jobsPerSecond: number;
  readonly serviceMs: number | undefined;
  readonly backlog: number;
  readonly current: number;
}

function replicasOf(
  load: QueueLoad,
  { jobsPerSecond, serviceMs, backlog, current }: Measured,
): Pick<QueueNeed, 'replicas' | 'why'> {
  const { last } = load.flow;
  const { slotsPerWorker, sloMs, oldestAgeMs } = load;
  // Workers can do nothing for a queue that gives no jobs; what already runs keeps one alive.
  const isOpen = !last.paused;
  const hasWork = last.active > 0 || (isOpen && (backlog > 0 || last.dueSoon > 0));
  if (!hasWork) return { replicas: 0, why: 'idle' };
  if (!isOpen) return { replicas: 1, why: 'minimum' };
  if (serviceMs === undefined || slotsPerWorker === undefined) {
    return { replicas: Math.max(1, current), why: 'unmeasured' };
  }
  const demand = (jobsPerSecond * serviceMs) / 1000;
  const drain = (backlog * serviceMs) / (drainRatio * sloMs);
  const slots = Math.ceil((demand + drain) / (slotsPerWorker * busyRatio));
  // Workers that have slots to spare are not what late jobs wait for.
  const areBusy = last.active >= busyRatio * slotsPerWorker * current;
  const late =
    backlog > 0 && oldestAgeMs > sloMs && areBusy ? Math.ceil(current * Math.min(mostTimes, oldestAgeMs / sloMs)) : 0;
  if (late > slots) return { replicas: late, why: 'late' };
  if (slots <= 1) return { replicas: 1, why: 'minimum' };
  return { replicas: slots, why: drain > demand ? 'backlog' : 'demand' };
}

/** What speaks against more workers; undefined when nothing does. Pure. */
export function gateReason({ breakersOpen, redisPressure }: ScaleGate): 'breaker_open' | 'redis_pressure' | undefined {
  if (breakersOpen) return 'breaker_open';
  return redisPressure >= pressureThatGates ? 'redis_pressure' : undefined;
}

function pick({ replicas, why }: Pick<GroupNeed, 'replicas' | 'why'>): Pick<GroupNeed, 'replicas' | 'why'> {
  return { replicas, why };
}

/** Three digits tell enough. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
