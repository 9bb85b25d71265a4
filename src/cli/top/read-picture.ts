import { readRecentEntries } from '../../audit/recent-entries.js';
import type { BreakerState } from '../../breaker/breaker-state.js';
import { parkReasonOf } from '../../breaker/park-reason.js';
import type { QueueFlow } from '../../flow/queue-flow.js';
import { QueueFlows } from '../../flow/queue-flows.js';
import { type Criticality, criticalities } from '../../job/criticality.js';
import type { QueuePolicy } from '../../job/queue-policy.js';
import { parseRedisInfo } from '../../redis/redis-info.js';
import type { ShedDirective } from '../../shedding/directive.js';
import { openCut, shareBelow } from '../../shedding/levels.js';
import type { Clock } from '../../time/clock.js';
import type { EpochMs } from '../../time/duration.js';
import { byUrgency } from '../breaker/read-breakers.js';
import type { RedisSession } from '../redis-session.js';
import { readLeader } from '../status/read-leader.js';
import { queueView } from '../status/read-queues.js';
import { workerViews } from '../status/read-workers.js';
import type { OverloadView, PoolPicture, TopBreaker, TopQueue } from './picture.js';
import { pictureVersion } from './picture.js';
import { sloStateOf } from './slo-state.js';

/** More of them fit on no screen; what a look costs Redis must not grow without end. */
const most = { queues: 200, workers: 1_000, breakers: 200, decisions: 50 } as const;
/** For so many breakers the jobs that are set aside are counted, in every queue. */
const breakersCounted = 8;

/**
 * Looks at the whole pool again and again, and tells from one look to the next how fast jobs come and go.
 *
 * A look is two round trips: twelve commands, one more for every 500 workers after the first, then three for each queue and one more in each
 * for every breaker that holds jobs back.
 */
export class PictureReader {
  readonly #redis: RedisSession;
  readonly #deadAfterMs: number;
  readonly #clock: Clock;
  readonly #flows = new QueueFlows();

  constructor(redis: RedisSession, deadAfterMs: number, clock: Clock) {
    this.#redis = redis;
    this.#deadAfterMs = deadAfterMs;
    this.#clock = clock;
  }

  async read(): Promise<PoolPicture> {
    const { client, keyspace, address, breakers, directory, fleet, scale, shed } = this.#redis;
    const startedAt = this.#clock.elapsed();
    const here = this.#clock.now();
    const [{ states, now }, info, leader, policies, sightings, listed, directive, order, orderEnds, groups, decisions] =
      await Promise.all([
        breakers.list(),
        client.info('memory'),
        readLeader(this.#redis, here),
        directory.list(),
        fleet.read(most.workers),
        fleet.size(),
        shed.directive(),
        shed.order(),
        shed.orderEndsInMs(),
        scale.records(),
        readRecentEntries(client, keyspace, here, most.decisions),
      ]);
    const queues = [...policies].sort(byImportance).slice(0, most.queues);
    const urgent = [...states].sort(byUrgency).slice(0, most.breakers);
    const [rows, setAside] = await Promise.all([
      Promise.all(queues.map(([queue, policy]) => this.#queue(queue, policy, directive, now))),
      this.#setAside(urgent, queues, now),
    ]);
    const { usedMemoryBytes = null, maxMemoryBytes } = parseRedisInfo(info);
    const workers = workerViews(sightings, now, this.#deadAfterMs);
    return {
      v: pictureVersion,
      at: now,
      readMs: Math.round(10 * (this.#clock.elapsed() - startedAt)) / 10,
      redis: { address, namespace: keyspace.namespace, usedMemoryBytes, maxMemoryBytes: maxMemoryBytes || null },
      leader: leader ?? null,
      overload: overloadOf(directive, order === undefined ? null : { ...order, endsInMs: orderEnds ?? null }),
      queues: { total: policies.size, rows },
      workers: { total: Math.max(listed, workers.length), rows: workers },
      breakers: { total: states.length, rows: setAside },
      groups: [...groups.values()]
        .map(({ group, desired, current, why }) => ({ group, desired, current, why }))
        .sort((one, other) => (one.group < other.group ? -1 : 1)),
      decisions,
    };
  }

  async #queue(
    queue: string,
    policy: QueuePolicy,
    directive: ShedDirective | undefined,
    now: EpochMs,
  ): Promise<TopQueue> {
    const { inspector, parked } = this.#redis;
    const [sample, [shed = 0, retryBudget = 0]] = await Promise.all([
      inspector.sample(queue),
      parked.count(
        [
          { queue, reason: 'shed' },
          { queue, reason: 'retry_budget' },
        ],
        now,
      ),
    ]);
    this.#flows.observe(queue, sample, this.#clock.elapsed());
    const view = queueView(queue, policy, sample, now);
    return {
      ...view,
      slo: sloStateOf(view.oldestAgeMs, view.sloMs),
      rates: ratesOf(this.#flows.of(queue)),
      shed: {
        share: shareBelow(directive?.cut ?? openCut, policy.criticality),
        opening: directive?.gates[queue] ?? 1,
        full: directive?.full.includes(queue) ?? false,
      },
      setAside: { shed, retryBudget },
    };
  }

  /** The breakers, and for the first of those that are not closed the jobs that they hold back. */
  async #setAside(
    states: readonly BreakerState[],
    queues: readonly (readonly [string, QueuePolicy])[],
    now: EpochMs,
  ): Promise<TopBreaker[]> {
    return Promise.all(
      states.map(async (state, index) => {
        if (state.phase === 'closed' || index >= breakersCounted) return { state, setAside: null };
        const reason = parkReasonOf(state.name);
        const counts = await this.#redis.parked.count(
          queues.map(([queue]) => ({ queue, reason })),
          now,
        );
        return { state, setAside: counts.reduce((sum, count) => sum + count, 0) };
      }),
    );
  }
}

/** The most important queues first, and by name. */
function byImportance(
  [one, { criticality }]: [string, QueuePolicy],
  [other, { criticality: its }]: [string, QueuePolicy],
) {
  return criticalities.indexOf(criticality) - criticalities.indexOf(its) || (one < other ? -1 : 1);
}

function ratesOf(flow: QueueFlow | undefined): TopQueue['rates'] {
  if (flow === undefined || flow.knownMs === 0) return null;
  return { inPerSecond: rounded(flow.recent.arrivals), outPerSecond: rounded(flow.recent.completions) };
}

function rounded(rate: number): number {
  return Math.round(rate * 100) / 100;
}

function overloadOf(directive: ShedDirective | undefined, order: OverloadView['order']): OverloadView {
  const shares = criticalities.map((each) => [each, shareBelow(directive?.cut ?? openCut, each)] as const);
  return {
    share: directive?.share ?? 0,
    reason: directive?.reason ?? null,
    classes: Object.fromEntries(shares) as Record<Criticality, number>,
    order,
  };
}
