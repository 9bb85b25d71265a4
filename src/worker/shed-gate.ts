import type { Logger } from 'pino';
import type { Criticality } from '../job/criticality.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import { PeriodicService } from '../service/periodic-service.js';
import type { Service } from '../service/service.js';
import { Cohorts } from '../shedding/cohorts.js';
import { decideStart, type StartDecision } from '../shedding/decide-admission.js';
import type { ShedDirective } from '../shedding/directive.js';
import { DirectiveFollower } from '../shedding/directive-follower.js';
import { slotsBehind } from '../shedding/gates.js';
import { isAbove, levelOf, openCut } from '../shedding/levels.js';
import type { ShedStore } from '../shedding/shed-store.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import type { FetchedJob } from '../transport/fetched-job.js';

export interface ShedGateOptions {
  readonly store: Pick<ShedStore, 'directive' | 'addRefused'>;
  /** Lets a queue use so many of its slots from now on; infinitely many when no gate is in its way. */
  readonly limit: (queue: string, slots: number) => void;
  readonly queues: readonly string[];
  /** How many slots a queue uses when no gate is in its way. */
  readonly slotsOf: (queue: string) => number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'jobsShed'>;
}

/** While nothing is shed one command a second is all that it costs. */
const calmLookMs = 1_000;
const sheddingLookMs = 500;

const run: StartDecision = { kind: 'run' };
const actions = { degrade: 'degraded', delay: 'delayed', park: 'parked' } as const;

/**
 * A worker's part in shedding: it takes nothing from a queue whose whole class gives way, and of the others sets aside the jobs below the
 * cut, before their handlers run. Without a directive, or with Redis out of reach, it lets everything run.
 */
export class ShedGate implements Service {
  readonly #options: ShedGateOptions;
  readonly #follower: DirectiveFollower;
  readonly #service: PeriodicService;
  readonly #limits = new Map<string, number>();
  readonly #cohorts = new Cohorts();
  #ticks = 0;

  constructor(options: ShedGateOptions) {
    this.#options = options;
    const { store, clock, log } = options;
    this.#follower = new DirectiveFollower({ store, clock, onError: warn(log) });
    this.#service = new PeriodicService({
      name: 'shed-gate',
      intervalMs: sheddingLookMs,
      run: () => this.#look(),
      log,
    });
  }

  start(): void {
    this.#service.start();
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  /** Reads what is shed now. Never rejects. */
  async hear(): Promise<void> {
    await this.#read().catch(warn(this.#options.log));
  }

  /** What becomes of a job that was taken. */
  decide(job: FetchedJob, definition: AnyJobDefinition): StartDecision {
    const directive = this.#follower.current;
    const { name: queue, criticality } = definition.queue;
    if (directive === undefined || isAbove(criticality, directive.cut)) return run;
    const { random, metrics } = this.#options;
    const decision = decideStart(
      {
        criticality,
        level: this.#levelOf(criticality, job),
        hasFallback: definition.fallback !== undefined,
      },
      directive,
      random(),
    );
    if (decision.kind !== 'run') {
      metrics.jobsShed.inc({ queue, criticality, action: actions[decision.kind], reason: decision.reason });
    }
    return decision;
  }

  #levelOf(criticality: Criticality, { meta: { tenant, key }, id }: FetchedJob): number {
    const now = this.#options.clock.now();
    return tenant === undefined
      ? levelOf(criticality, key ?? id, now)
      : this.#cohorts.levelOf(criticality, tenant, now);
  }

  async #look(): Promise<void> {
    this.#ticks += 1;
    const isCalm = !isShedding(this.#follower.current);
    if (isCalm && this.#ticks % (calmLookMs / sheddingLookMs) !== 0) return;
    await this.#read();
  }

  async #read(): Promise<void> {
    try {
      await this.#follower.refresh();
    } finally {
      // Also when Redis did not answer: what it said last may have expired.
      this.#applyGates(this.#follower.current?.gates ?? {});
    }
  }

  #applyGates(gates: ShedDirective['gates']): void {
    const { queues, slotsOf, limit, log } = this.#options;
    for (const queue of queues) {
      const slots = slotsOf(queue);
      const opening = gates[queue];
      const allowed = opening === undefined ? Number.POSITIVE_INFINITY : slotsBehind(opening, slots);
      if (allowed === (this.#limits.get(queue) ?? Number.POSITIVE_INFINITY)) continue;
      this.#limits.set(queue, allowed);
      limit(queue, allowed);
      log.info({ queue, allowed: Math.min(allowed, slots), slots }, 'shed.queue_limited');
    }
  }
}

function isShedding(directive: ShedDirective | undefined): boolean {
  return directive !== undefined && (directive.cut > openCut || Object.keys(directive.gates).length > 0);
}

function warn(log: Logger): (error: Error) => void {
  return (error) => log.warn({ err: error }, 'shed.directive_unread');
}
