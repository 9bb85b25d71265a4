import { workerOfToken } from '../../transport/lease-token.js';
import type { JobView } from '../../transport/queue-inspector.js';
import type { JobStanding } from '../../transport/view-scripts.js';
import { readBreakerOf } from '../breaker/read-breakers.js';
import type { RedisSession } from '../redis-session.js';
import { readLeader } from '../status/read-leader.js';
import { presence } from '../status/read-workers.js';
import type { Present, Runner } from './decide-next.js';
import { type BeatingWorker, judgeFleet } from './judge-fleet.js';
import { tidy } from './read-facts.js';

/** Reads from queue and fleet what decides about what happens next to a job that has not ended. */
export async function readPresent(
  redis: RedisSession,
  job: JobView,
  standing: JobStanding,
  deadAfterMs: number,
): Promise<Present> {
  const { ahead, dueAt, parkedFor, lease, paused, concurrency, active, limitedForMs, children, now } = standing;
  const [sightings, leader, held] = await Promise.all([
    redis.fleet.read(),
    readLeader(redis, now),
    readBreakerOf(redis, parkedFor),
  ]);
  const workers = sightings.flatMap(({ beat, ageMs }) => (beat ? [{ beat, ageMs }] : []));
  const runner = lease && (await readRunner(redis, job, lease, now, workers, deadAfterMs));
  return {
    state: job.state,
    delayedBy: job.attemptsMade > 0 ? 'backoff' : 'delay',
    children,
    paused,
    limitedForMs,
    ...tidy({ ahead, dueAt, parkedFor, breaker: held?.breaker, runner, willFail: job.willFail }),
    ...(concurrency !== undefined && active >= concurrency && { fullAt: concurrency }),
    service: judgeFleet(workers, job.queue, job.kind, deadAfterMs),
    hasLeader: leader !== undefined,
  };
}

/** Who holds the lease, and what its last beat says. */
async function readRunner(
  { fleet }: RedisSession,
  { id, queue, startedAt = 0, progress }: JobView,
  { token, forMs: leaseForMs }: NonNullable<JobStanding['lease']>,
  now: number,
  workers: readonly BeatingWorker[],
  deadAfterMs: number,
): Promise<Runner> {
  const worker = workerOfToken(token);
  const orders = worker === undefined ? [] : await fleet.ordersFor(worker);
  const cancel = orders.find((order) => order.kind === 'cancel' && order.queue === queue && order.jobId === id);
  const seen = workers.find(({ beat }) => beat.id === worker);
  return {
    leaseForMs,
    ...tidy({
      worker,
      state: seen && (presence(seen.ageMs, deadAfterMs) ?? seen.beat.state),
      blockedMs: seen?.beat.blockedMs,
      forMs: startedAt > 0 ? Math.max(0, now - startedAt) : undefined,
      // BullMQ writes a zero into every job.
      progress: progress === 0 ? undefined : progress,
      toldToCancel: cancel?.kind === 'cancel' ? cancel.why : undefined,
    }),
  };
}
