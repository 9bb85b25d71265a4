import { type Criticality, criticalities } from '../../job/criticality.js';
import type { ShedDirective } from '../../shedding/directive.js';
import { shareBelow } from '../../shedding/levels.js';
import type { ShedOrder } from '../../shedding/shed-order.js';
import { systemClock } from '../../time/clock.js';
import { ParkedJobs } from '../../transport/parked-jobs.js';
import type { RedisSession } from '../redis-session.js';

/** What is shed at this moment. */
export interface ShedView {
  /** What the leader says; null when nobody leads, and everything is let in. */
  readonly directive: ShedDirective | null;
  /** Which part of each class gives way, from 0 to 1. */
  readonly classes: Readonly<Record<Criticality, number>>;
  readonly order: (ShedOrder & { readonly endsInMs: number | null }) | null;
  /** How many jobs of each queue are set aside. */
  readonly parked: Readonly<Record<string, number>>;
}

/** Reads what gives way now, who wants that, and how many jobs wait because of it. */
export async function readShed(redis: RedisSession): Promise<ShedView> {
  const parkedJobs = new ParkedJobs(redis.client, redis.keyspace);
  const queues = await redis.queueNames();
  const [directive, order, endsInMs, counts] = await Promise.all([
    redis.shed.directive(),
    redis.shed.order(),
    redis.shed.orderEndsInMs(),
    parkedJobs.count(
      queues.map((queue) => ({ queue, reason: 'shed' })),
      systemClock.now(),
    ),
  ]);
  const parked = queues.map((queue, index) => [queue, counts[index] ?? 0] as const).filter(([, count]) => count > 0);
  const shares = criticalities.map((each) => [each, shareBelow(directive?.cut ?? 0, each)] as const);
  return {
    directive: directive ?? null,
    classes: Object.fromEntries(shares) as Record<Criticality, number>,
    order: order === undefined ? null : { ...order, endsInMs: endsInMs ?? null },
    parked: Object.fromEntries(parked),
  };
}
