import type { Logger } from 'pino';
import { refusalIn } from '../breaker/breaker-errors.js';
import type { BreakerPhase } from '../breaker/breaker-state.js';
import type { CallGates } from '../breaker/call-gates.js';
import type { Decider } from '../breaker/decide-door.js';
import { decideParking } from '../breaker/decide-parking.js';
import { outageIn } from '../breaker/failed-call.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { Outcome } from '../job/outcome.js';
import type { EpochMs } from '../time/duration.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import type { FailureJudge } from './failure-judge.js';

/**
 * A job may be started every two seconds while it waits for a dependency: where no supervisor decides for all workers, each sets it aside for
 * another. So this is an outage of hours. A job that has been started more often without an attempt may itself be why its dependency fails:
 * from then on its probes use up attempts.
 */
const mostSparedStarts = 5_000;

/** A breaker that lets no calls through. */
export interface Absence {
  readonly breaker: string;
  readonly by: Decider;
  readonly phase: BreakerPhase;
}

export interface AbsentDependenciesOptions {
  readonly gates: Pick<CallGates, 'find'>;
  readonly judge: FailureJudge;
  /** How a job ends whose worker shuts down before it does. */
  readonly givenBack: Outcome;
  readonly random: () => number;
  readonly log: Logger;
}

/** What becomes of a job without a dependency of its kind: it waits, and has not failed, or its fallback runs. */
export class AbsentDependencies {
  readonly #options: AbsentDependenciesOptions;

  constructor(options: AbsentDependenciesOptions) {
    this.#options = options;
  }

  /** Why it is no failure of a job that its handler threw: a call was not made, or has failed with others and its breaker is open by now. */
  absenceIn(error: unknown, job: FetchedJob, definition: AnyJobDefinition, now: EpochMs): Absence | undefined {
    const refused = refusalIn(error);
    if (refused !== undefined || !isSpared(job)) return refused;
    const outage = outageIn(error);
    // The handler may know better what its error means than the call did.
    if (outage === undefined || !this.#options.judge.isPassing(error, definition, now)) return undefined;
    const { breaker, by, state } = outage;
    this.#options.log.info({ jobId: job.id, kind: job.kind, breaker, err: error }, 'job.attempt_spared');
    return { breaker, by, phase: state.phase };
  }

  /**
   * The breaker for which a job waits whose fallback threw, where that may go better another time: its handler has not run, and is what the
   * attempts are for. Undefined where the fallback says that there is no use.
   */
  absenceBehind(
    error: unknown,
    breaker: string,
    job: FetchedJob,
    definition: AnyJobDefinition,
    now: EpochMs,
  ): Pick<Absence, 'breaker' | 'by'> | undefined {
    const { judge, gates, log } = this.#options;
    if (!isSpared(job) || !judge.isPassing(error, definition, now)) return undefined;
    log.warn({ jobId: job.id, kind: job.kind, breaker, err: error }, 'job.fallback_failed');
    return { breaker, by: gates.find(breaker)?.refusal()?.by ?? 'worker' };
  }

  /** A job whose dependency may not be called waits, and has not failed. */
  park({ breaker, by }: Pick<Absence, 'breaker' | 'by'>, { meta }: FetchedJob, now: EpochMs): Outcome {
    const { givenBack, random } = this.#options;
    // A suspect is not to come back among others.
    if (givenBack.kind === 'parked') return givenBack;
    return decideParking({ breaker, by, deadline: meta.deadline }, now, random());
  }
}

function isSpared({ starts, attemptsMade }: FetchedJob): boolean {
  return starts - attemptsMade <= mostSparedStarts;
}

/**
 * While the fleet keeps away from a dependency the fallback is the best there is. Where only this worker does, or the dependency is back and
 * its calls return by and by, the job is better off a moment later or elsewhere: it falls back only when that has been tried.
 */
export function mayFallBack(
  { starts, attemptsMade }: FetchedJob,
  definition: AnyJobDefinition,
  { by, phase }: Pick<Absence, 'by' | 'phase'>,
): boolean {
  if (definition.fallback === undefined || phase === 'closed') return false;
  return by === 'fleet' || starts > attemptsMade + 1;
}
