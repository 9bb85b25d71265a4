import type { Logger } from 'pino';
import type { AuditNotes } from '../audit/audit-notes.js';
import type { QueueFlow } from '../flow/queue-flow.js';
import { criticalities } from '../job/criticality.js';
import type { QueuePolicy } from '../job/queue-policy.js';
import type { Leadership } from '../recovery/leadership.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import type { ParkedJobs } from '../transport/parked-jobs.js';
import { type ControlDecision, type ControlState, decideControl, nothingShed, type SeenQueue } from './control-step.js';
import type { ShedDirective } from './directive.js';
import { openCut, shareBelow } from './levels.js';
import type { Pressure } from './pressure.js';
import { RefusedRates } from './refused-rates.js';
import { ShedReturn } from './shed-return.js';
import type { ShedStore } from './shed-store.js';
import { ShedStory } from './shed-story.js';

export interface ShedControlOptions {
  readonly store: Pick<ShedStore, 'directive' | 'say' | 'order' | 'refused'>;
  readonly parked: Pick<ParkedJobs, 'bringBack' | 'births'>;
  readonly queues: () => Promise<ReadonlyMap<string, QueuePolicy>>;
  /** How a queue flows, and for how long its oldest job has waited; undefined when it was not sampled yet. */
  readonly flowOf: (queue: string) => QueueFlow | undefined;
  readonly oldestAgeMs: (queue: string) => number;
  readonly pressure: () => Promise<Pressure>;
  readonly leadership: Leadership;
  readonly audit: Pick<AuditNotes, 'add'>;
  /** Who decides: the audit stream says so. */
  readonly supervisor: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'shedLevel' | 'shedClassRatio'>;
}

/** A step counts for no more than this, however long the last one is ago: who slept has seen nothing. */
const longestStepS = 3;

/**
 * Overload control, in the leader, once a second: looks at the queues, decides what gives way, says so, and lets parked jobs come back. In
 * no job's way: producers and workers follow the last directive, and let everything in when there is none.
 */
export class ShedControl {
  readonly #options: ShedControlOptions;
  readonly #refused = new RefusedRates();
  readonly #story = new ShedStory();
  readonly #return: ShedReturn;
  /** How much waited in each queue at the last look. */
  readonly #waited = new Map<string, number>();
  /** Since when each queue has had work that waits. */
  readonly #busySince = new Map<string, number>();
  #state: ControlState | undefined;
  #steppedAt = 0;
  #seq = 0;
  #isToldOf = '';

  constructor(options: ShedControlOptions) {
    this.#options = options;
    this.#return = new ShedReturn(options.parked);
  }

  /** One look, one decision. */
  async step(): Promise<void> {
    const { store, leadership, pressure, clock } = this.#options;
    const fence = leadership.term;
    if (fence === undefined) return;
    const [order, refused, pressed, policies] = await Promise.all([
      store.order(),
      store.refused(),
      pressure(),
      this.#options.queues(),
    ]);
    const now = clock.elapsed();
    const elapsedS = this.#state === undefined ? 1 : Math.min((now - this.#steppedAt) / 1_000, longestStepS);
    this.#state ??= await this.#takenOver(now);
    this.#steppedAt = now;
    this.#refused.observe(refused, elapsedS);
    const queues = [...policies].map(([queue, policy]) => this.#see(queue, policy, now, elapsedS));
    const decision = decideControl(this.#state, { queues, pressure: pressed, order, elapsedS });
    this.#state = decision.state;
    this.#tell(decision);
    const said = await store.say(this.#directive(decision, fence));
    if (said === 'deposed') return leadership.deposed(fence);
    this.#writeDown(decision, now, fence);
    const returning = await this.#return.bringBack({ queues, ...decision.state, elapsedS, fence });
    if (returning === 'deposed') leadership.deposed(fence);
  }

  /** Forgets everything: somebody else decides from now on. */
  clear(): void {
    this.#state = undefined;
    this.#refused.clear();
    this.#story.forget();
    this.#busySince.clear();
    this.#waited.clear();
    this.#options.metrics.shedLevel.clear();
    this.#options.metrics.shedClassRatio.clear();
  }

  /** What the leader before had come to: to begin anew would let all in that it kept out. */
  async #takenOver(now: number): Promise<ControlState> {
    const last = await this.#options.store.directive();
    if (last === undefined) return nothingShed;
    this.#story.goOn(last, now);
    const { share, cut, gates, memoryShort, full } = last;
    const aside = new Set(Object.keys(gates));
    return {
      ...nothingShed,
      controller: { ...nothingShed.controller, share },
      cut,
      gates,
      aside,
      memoryShort,
      full: new Set(full),
    };
  }

  #see(queue: string, { criticality, sloMs, maxWaiting }: QueuePolicy, now: number, elapsedS: number): SeenQueue {
    const { flowOf, oldestAgeMs } = this.#options;
    const flow = flowOf(queue);
    const waiting = flow === undefined ? 0 : flow.last.waiting + flow.last.prioritized;
    if (waiting === 0) this.#busySince.delete(queue);
    else if (!this.#busySince.has(queue)) this.#busySince.set(queue, now);
    // Of a parent nobody wrote down when its last child ended, and it seems to have waited since it was added: no longer than anything did.
    const busyMs = now - (this.#busySince.get(queue) ?? now);
    return {
      queue,
      criticality,
      sloMs,
      waiting,
      oldestAgeMs: Math.min(oldestAgeMs(queue), busyMs),
      arrivalsPerS: (flow?.recent.arrivals ?? 0) + this.#refused.of(queue),
      lastArrivalsPerS: (flow?.latest.arrivals ?? 0) + this.#refused.of(queue),
      completionsPerS: flow?.recent.completions ?? 0,
      growthPerS: this.#growth(queue, waiting, elapsedS),
      maxWaiting,
      lastCompletionsPerS: flow?.latest.completions ?? 0,
    };
  }

  #growth(queue: string, waiting: number, elapsedS: number): number {
    const before = this.#waited.get(queue) ?? waiting;
    this.#waited.set(queue, waiting);
    return elapsedS > 0 ? (waiting - before) / elapsedS : 0;
  }

  #directive({ state, reason }: ControlDecision, fence: number): ShedDirective {
    const { cut, memoryShort, full, gates } = state;
    this.#seq += 1;
    return { fence, seq: this.#seq, share: sharedBy(state), cut, reason, memoryShort, full: [...full], gates };
  }

  #tell({ state, waits, arrivalsPerS, reason }: ControlDecision): void {
    const { log, metrics } = this.#options;
    const { cut, capacityPerS, memoryShort, full, gates } = state;
    metrics.shedLevel.set(sharedBy(state));
    for (const criticality of criticalities)
      metrics.shedClassRatio.set({ criticality }, round(shareBelow(cut, criticality)));
    const what = JSON.stringify([reason, cut, memoryShort, [...full], Object.keys(gates)]);
    if (what === this.#isToldOf) return;
    const begins = this.#isToldOf === '' && reason === undefined;
    this.#isToldOf = what;
    // A leader that finds nothing to shed has nothing to tell.
    if (begins) return;
    const numbers = { share: sharedBy(state), cut, waits, arrivalsPerS: round(arrivalsPerS), capacityPerS };
    log.warn(
      { reason, ...numbers, memoryShort, full: [...full], gates },
      reason === undefined ? 'shed.ended' : 'shed.changed',
    );
  }

  #writeDown({ state, reason }: ControlDecision, now: number, fence: number): void {
    const { audit, supervisor } = this.#options;
    const { cut, memoryShort } = state;
    const news = this.#story.next({ reason, share: sharedBy(state), cut, memoryShort }, now);
    if (news) audit.add({ by: supervisor, fence, ...news });
  }
}

/** Which part gives way. Where nobody is to give way for those who are late, the controller asks in vain. */
function sharedBy({ controller, cut, gates }: ControlState): number {
  return cut === openCut && Object.keys(gates).length === 0 ? 0 : round(controller.share);
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
