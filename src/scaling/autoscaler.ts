import type { Logger } from 'pino';
import type { QueueFlow } from '../flow/queue-flow.js';
import type { QueuePolicy } from '../job/queue-policy.js';
import type { Leadership } from '../recovery/leadership.js';
import { metricTable } from '../telemetry/metric-table.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import { decideHold, holdsReplicas, type OpenBreaker } from './decide-hold.js';
import { decideReplicas, gateReason, type QueueLoad } from './decide-replicas.js';
import { decideSteady } from './decide-steady.js';
import type { ScaleRecord } from './scale-record.js';
import { type RuleInForce, underRule } from './scale-rule.js';
import type { ScaleStore } from './scale-store.js';
import type { FleetSlots, WorkerSlots } from './worker-slots.js';

export interface AutoscalerOptions {
  readonly store: Pick<ScaleStore, 'publish' | 'records' | 'rules'>;
  readonly slots: Pick<WorkerSlots, 'read'>;
  /** Every queue with its policy. */
  readonly queues: () => Promise<ReadonlyMap<string, QueuePolicy>>;
  /** How a queue flows; undefined while nobody has sampled it. */
  readonly flowOf: (queue: string) => QueueFlow | undefined;
  /** The breakers that are not closed, with what waits for them in these queues. */
  readonly openBreakers: (queues: readonly string[]) => readonly OpenBreaker[];
  /** See `ScaleGate`. */
  readonly redisPressure: () => number;
  readonly downAfterMs: number;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: ScaleGauges;
}

type ScaleGauges = Pick<Metrics, 'desiredWorkers' | 'neededWorkers' | 'currentWorkers' | 'scaleReason'>;

const scaleReasons = metricTable.scaleReason.labels.reason;

/** What is read anew for each decision. */
interface Knowledge {
  readonly before: ReadonlyMap<string, ScaleRecord>;
  readonly rules: ReadonlyMap<string, RuleInForce>;
  readonly fleet: FleetSlots;
}

/**
 * Says how many workers each group of queues wants. What it said before it reads back, so the next leader goes on where this one ended.
 * Who starts and stops workers is no concern of it: an orchestrator asks for the number, or a keeper reads it.
 */
export class Autoscaler {
  readonly #options: AutoscalerOptions;

  constructor(options: AutoscalerOptions) {
    this.#options = options;
  }

  async decide(): Promise<void> {
    const { store, slots, queues, leadership } = this.#options;
    const epoch = leadership.term;
    if (epoch === undefined) return;
    const policies = await queues();
    const groups = [...new Set([...policies.values()].map(({ group }) => group))];
    const [before, rules, fleet] = await Promise.all([store.records(), store.rules(groups), slots.read()]);
    const records = groups.flatMap((group) => {
      const members = [...policies].filter(([, policy]) => policy.group === group);
      const loads = members.map(([queue, { sloMs }]) => this.#loadOf(queue, sloMs, fleet));
      const known = loads.filter((load) => load !== undefined);
      const last = before.get(group);
      // A queue that nobody has sampled may be the one that matters.
      if (known.length < loads.length) return last === undefined ? [] : [last];
      return [this.#recordOf(group, known, { before, rules, fleet })];
    });
    if ((await store.publish(records, epoch)) === 'deposed') {
      leadership.deposed(epoch);
      return;
    }
    this.#show(records);
    this.#tell(before, records);
  }

  /** Takes back what was told, when somebody else leads. */
  clear(): void {
    const { desiredWorkers, neededWorkers, currentWorkers, scaleReason } = this.#options.metrics;
    for (const gauge of [desiredWorkers, neededWorkers, currentWorkers, scaleReason]) gauge.clear();
  }

  #show(records: readonly ScaleRecord[]): void {
    const { desiredWorkers, neededWorkers, currentWorkers, scaleReason } = this.#options.metrics;
    this.clear();
    for (const { group, desired, needed, current, why } of records) {
      desiredWorkers.set({ group }, desired);
      neededWorkers.set({ group }, needed);
      currentWorkers.set({ group }, current);
      for (const reason of scaleReasons) scaleReason.set({ group, reason }, reason === why ? 1 : 0);
    }
  }

  #loadOf(queue: string, sloMs: number, fleet: FleetSlots): QueueLoad | undefined {
    const flow = this.#options.flowOf(queue);
    if (flow === undefined || flow.knownMs === 0) return undefined;
    const { oldestReadyAt } = flow.last;
    const oldestAgeMs = oldestReadyAt === undefined ? 0 : Math.max(0, this.#options.clock.now() - oldestReadyAt);
    return { queue, flow, sloMs, oldestAgeMs, slotsPerWorker: fleet.slotsOf(queue) };
  }

  #recordOf(group: string, loads: readonly QueueLoad[], { before, rules, fleet }: Knowledge): ScaleRecord {
    const { openBreakers, redisPressure, downAfterMs, clock } = this.#options;
    const names = loads.map(({ queue }) => queue);
    const now = clock.now();
    const current = fleet.workersOf(names);
    const backlog = loads.reduce((sum, { flow }) => sum + flow.last.waiting + flow.last.prioritized, 0);
    const gate = {
      breakersOpen: holdsReplicas(openBreakers(names), fleet.needsOf(names), backlog),
      redisPressure: redisPressure(),
    };
    const closedBy = gateReason(gate);
    const startedBy = (moment: number) => fleet.workersOf(names, moment);
    const hold = closedBy && decideHold(before.get(group), now, { current, startedBy });
    const { replicas, why, queues } = decideReplicas(loads, current, { ...gate, ...hold });
    const steady = decideSteady(before.get(group)?.steady, { need: replicas, current, now, downAfterMs });
    const allowed = Math.min(steady.desired, hold?.held ?? Number.POSITIVE_INFINITY);
    const rule = rules.get(group);
    const desired = underRule(allowed, rule);
    const steadied = steady.desired === replicas ? why : 'stabilizing';
    const reason = closedBy && allowed < steady.desired ? closedBy : steadied;
    return {
      group,
      desired,
      why: desired === allowed ? reason : 'operator',
      at: now,
      current,
      needed: replicas,
      steady,
      ...hold,
      rule: rule ?? null,
      queues,
    };
  }

  #tell(before: ReadonlyMap<string, ScaleRecord>, records: readonly ScaleRecord[]): void {
    for (const { group, desired, why, current, needed } of records) {
      const from = before.get(group)?.desired;
      if (from !== desired) this.#options.log.info({ group, from, desired, why, current, needed }, 'scale.decided');
    }
  }
}
