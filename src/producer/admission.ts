import type { Criticality } from '../job/criticality.js';
import type { QueueDefinition } from '../job/define-queue.js';
import { Cohorts } from '../shedding/cohorts.js';
import { decideEnqueue } from '../shedding/decide-admission.js';
import { letsAllIn, type ShedDirective } from '../shedding/directive.js';
import type { DirectiveFollower } from '../shedding/directive-follower.js';
import { floorOf, isAbove, levelByChance, levelOf } from '../shedding/levels.js';
import type { Metrics } from '../telemetry/metrics.js';
import { type Clock, pause } from '../time/clock.js';
import { JobShedError } from './job-shed-error.js';

export interface AdmissionOptions {
  readonly follower: DirectiveFollower;
  /** How long a producer that waits does so at most. */
  readonly waitMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly metrics: Pick<Metrics, 'jobsShed' | 'enqueueRejected'>;
}

/** Jobs that want in, together. */
export interface Request {
  readonly queue: QueueDefinition;
  /** Who shares a tenant is let in or refused together; without one, who shares a key. */
  readonly tenant: string | undefined;
  readonly key: string | undefined;
  readonly count: number;
  readonly whenShed: 'fail' | 'wait';
}

/** The door of a producer while work is shed. It goes by what it has heard last, so that no enqueue waits for the question. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #cohorts = new Cohorts();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * Lets jobs in; a promise only when they have to wait.
   *
   * @throws JobShedError when they may not, or not in time.
   */
  pass(request: Request): Promise<void> | undefined {
    const refusal = this.#refusal(request, this.#options.follower.refreshWhenStale());
    if (refusal === undefined) return undefined;
    if (request.whenShed === 'wait') return this.#wait(request, refusal);
    throw this.#refused(request, refusal);
  }

  async #wait(request: Request, first: JobShedError): Promise<void> {
    const { follower, waitMs, clock } = this.#options;
    const deadline = clock.elapsed() + waitMs;
    let refusal: JobShedError | undefined = first;
    while (refusal !== undefined) {
      const leftMs = deadline - clock.elapsed();
      if (leftMs <= 0) throw this.#refused(request, refusal);
      await pause(Math.min(refusal.retryAfterMs, leftMs));
      await follower.refresh();
      refusal = this.#refusal(request, follower.current);
    }
  }

  #refusal({ queue, tenant, key }: Request, directive: ShedDirective | undefined): JobShedError | undefined {
    const { random } = this.#options;
    const { name, criticality } = queue;
    if (directive === undefined || letsAllIn(directive)) return undefined;
    const level = isAbove(criticality, directive.cut) ? floorOf(criticality) : this.#levelOf(criticality, tenant, key);
    const decision = decideEnqueue({ queue: name, criticality, level }, directive, random());
    if (decision.kind === 'admit') return undefined;
    return new JobShedError(name, criticality, decision.reason, decision.retryAfterMs);
  }

  #levelOf(criticality: Criticality, tenant: string | undefined, key: string | undefined): number {
    const { clock, random } = this.#options;
    const now = clock.now();
    if (tenant !== undefined) return this.#cohorts.levelOf(criticality, tenant, now);
    return key === undefined ? levelByChance(criticality, random()) : levelOf(criticality, key, now);
  }

  /** Jobs that wait at the door are not counted: they come, and only later. */
  #refused({ queue: { name: queue, criticality }, count }: Request, refusal: JobShedError): JobShedError {
    const { follower, metrics } = this.#options;
    follower.countRefused(queue, count);
    metrics.enqueueRejected.inc({ queue, reason: 'shed' }, count);
    metrics.jobsShed.inc({ queue, criticality, action: 'refused', reason: refusal.reason }, count);
    return refusal;
  }
}
