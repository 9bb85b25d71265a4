import { closedBreaker } from '../../breaker/breaker-machine.js';
import type { BreakerState } from '../../breaker/breaker-state.js';
import { breakerOfParkReason, parkReasonOf } from '../../breaker/park-reason.js';
import type { EpochMs } from '../../time/duration.js';
import type { RedisSession } from '../redis-session.js';

/** A breaker, and the jobs that are set aside because of it. */
export interface BreakerView extends BreakerState {
  /** By queue; queues without any are left out. */
  readonly parked: Readonly<Record<string, number>>;
}

export interface BreakersView {
  /** When Redis was asked, by its clock. */
  readonly now: EpochMs;
  readonly breakers: readonly BreakerView[];
}

/** The breaker that holds a job, at a moment of Redis' clock. */
export interface HoldingBreaker {
  readonly now: EpochMs;
  readonly breaker: BreakerState;
}

/** Every breaker that is known, those that are not closed first. */
export async function readBreakers(redis: RedisSession): Promise<BreakersView> {
  const { states, now } = await redis.breakers.list();
  const breakers = await withParked(redis, states, now);
  return { now, breakers: breakers.sort(byUrgency) };
}

/** One breaker; undefined when nothing of that name has ever left its closed phase, or that was long ago. */
export async function readBreaker(redis: RedisSession, name: string): Promise<{ now: EpochMs; breaker?: BreakerView }> {
  const { states, now } = await redis.breakers.list();
  const [breaker] = await withParked(
    redis,
    states.filter((state) => state.name === name),
    now,
  );
  return { now, ...(breaker && { breaker }) };
}

/** The breaker for which a job is set aside, if it is for one; one that nobody knows any more is closed. */
export async function readBreakerOf(
  redis: RedisSession,
  reason: string | undefined,
): Promise<HoldingBreaker | undefined> {
  const name = breakerOfParkReason(reason);
  if (name === undefined) return undefined;
  const { states, now } = await redis.breakers.list();
  return { now, breaker: states.find((state) => state.name === name) ?? closedBreaker(name) };
}

async function withParked(redis: RedisSession, states: readonly BreakerState[], now: EpochMs): Promise<BreakerView[]> {
  const queues = await redis.queueNames();
  return Promise.all(
    states.map(async (state) => {
      const reason = parkReasonOf(state.name);
      const counts = await redis.parked.count(
        queues.map((queue) => ({ queue, reason })),
        now,
      );
      const parked = queues.flatMap((queue, index) => ((counts[index] ?? 0) > 0 ? [[queue, counts[index]]] : []));
      return { ...state, parked: Object.fromEntries(parked) };
    }),
  );
}

/** Those that hold most back come first. */
const urgency = { isolated: 0, open: 1, half_open: 2, closed: 3 } as const;

export function byUrgency(one: BreakerState, other: BreakerState): number {
  return urgency[one.phase] - urgency[other.phase] || (one.name < other.name ? -1 : 1);
}
