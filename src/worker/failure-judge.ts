import type { Logger } from 'pino';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { ErrorVerdict } from '../job/error-verdict.js';
import type { Outcome } from '../job/outcome.js';
import { classifyError } from '../retry/classify.js';
import { decideFailure } from '../retry/decide-failure.js';
import { type ReportLimits, reportError } from '../retry/error-report.js';
import { failedDependency } from '../retry/failed-dependency.js';
import type { EpochMs } from '../time/duration.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import { attemptsAllowed } from './attempts-allowed.js';

export interface FailureJudgeOptions {
  readonly limits: ReportLimits;
  readonly random: () => number;
  readonly log: Logger;
}

/** Says what an error means for a job, by the rules of its kind and ours. */
export class FailureJudge {
  readonly #options: FailureJudgeOptions;

  constructor(options: FailureJudgeOptions) {
    this.#options = options;
  }

  /** A kind's own rules that throw are a bug of theirs, not a reason to lose the job's outcome. */
  classify(error: unknown, definition: AnyJobDefinition, now: EpochMs): ErrorVerdict {
    try {
      return classifyError(error, now, definition.classify);
    } catch (thrown) {
      this.#options.log.error({ kind: definition.kind, err: thrown }, 'job.classify_failed');
      return classifyError(error, now);
    }
  }

  /** Whether the same may go well another time. */
  isPassing(error: unknown, definition: AnyJobDefinition, now: EpochMs): boolean {
    const { class: errorClass } = this.classify(error, definition, now);
    return errorClass === 'transient' || errorClass === 'throttled';
  }

  /** How an attempt ends that failed with this: it is retried, or the job is dead-lettered. */
  judge(error: unknown, job: FetchedJob, definition: AnyJobDefinition, now: EpochMs): Outcome {
    const { limits, random } = this.#options;
    const verdict = this.classify(error, definition, now);
    const report = reportError(error, verdict.class, limits);
    const dependency = failedDependency(error);
    const failed = { error: report, ...(dependency !== undefined && { dependency }) };
    const policy = { ...definition.retry, attempts: attemptsAllowed(job, definition) };
    const decision = decideFailure(
      { verdict, attempt: job.attemptsMade + 1, policy, deadline: job.meta.deadline },
      now,
      random(),
    );
    return decision.kind === 'retry'
      ? { kind: 'retried', delayMs: decision.delayMs, ...failed }
      : { kind: 'dead_lettered', reason: decision.reason, ...failed, attempted: true };
  }
}
