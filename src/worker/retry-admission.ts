import type { Logger } from 'pino';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { Outcome } from '../job/outcome.js';
import { FirstAttempts } from '../retry/first-attempts.js';
import { postponementMs } from '../retry/retry-budget.js';
import { anyOtherCause, type RetryAnswer, type RetryBudgetStore } from '../retry/retry-budget-store.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { EpochMs } from '../time/duration.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import { latestStart } from './prepare-job.js';

export interface RetryAdmissionOptions {
  readonly store: Pick<RetryBudgetStore, 'take'>;
  readonly queue: string;
  readonly random: () => number;
  readonly metrics: Pick<Metrics, 'retryBudget'>;
  readonly log: Logger;
}

/**
 * Lets the jobs of a queue run again within their retry budgets, and postpones the others. First attempts always run, and cost a count
 * in memory; Redis is asked for retries alone.
 */
export class RetryAdmission {
  readonly #options: RetryAdmissionOptions;
  readonly #firstAttempts = new FirstAttempts();
  readonly #budgets = new WeakMap<AnyJobDefinition, readonly string[]>();
  /** The budgets that were empty when they were asked last, so that the log tells once. */
  readonly #empty = new Set<string>();

  constructor(options: RetryAdmissionOptions) {
    this.#options = options;
  }

  /** How the job ends that is to wait; undefined when it may run. A promise for retries only. */
  admit(job: FetchedJob, definition: AnyJobDefinition, now: EpochMs): Promise<Outcome | undefined> | undefined {
    const budgets = this.#budgetsOf(definition);
    if (job.attemptsMade > 0) return this.#admitRetry(job, definition, budgets, now);
    this.#firstAttempts.count(budgets, now);
    return undefined;
  }

  async #admitRetry(
    job: FetchedJob,
    definition: AnyJobDefinition,
    budgets: readonly string[],
    now: EpochMs,
  ): Promise<Outcome | undefined> {
    const { store, queue, random, metrics, log } = this.#options;
    const delayMs = postponementMs(latestStart(job, definition), now, random());
    const firstAttempts = this.#firstAttempts.take(budgets, now);
    let answer: RetryAnswer | undefined;
    try {
      answer = await store.take({ job, firstAttempts, cannotWait: delayMs === undefined });
    } catch (error) {
      // A budget that cannot be read must not keep jobs from running.
      log.warn({ jobId: job.id, queue, err: error }, 'retry.budget_unknown');
      return undefined;
    }
    // Redis was away for so long that somebody else runs the job, or is about to.
    if (answer === undefined) return { kind: 'lease_lost' };
    const { budget, verdict } = answer;
    metrics.retryBudget.inc({ queue, dependency: budget, verdict });
    this.#tell(budget, verdict === 'taken');
    return verdict === 'empty' && delayMs !== undefined
      ? { kind: 'parked', reason: 'retry_budget', delayMs }
      : undefined;
  }

  #tell(budget: string, isLeft: boolean): void {
    if (isLeft) {
      this.#empty.delete(budget);
    } else if (!this.#empty.has(budget)) {
      this.#empty.add(budget);
      this.#options.log.warn({ queue: this.#options.queue, dependency: budget }, 'retry.budget_exhausted');
    }
  }

  #budgetsOf(definition: AnyJobDefinition): readonly string[] {
    let budgets = this.#budgets.get(definition);
    if (!budgets) {
      budgets = [anyOtherCause, ...new Set(definition.dependencies.map(({ name }) => name))];
      this.#budgets.set(definition, budgets);
    }
    return budgets;
  }
}
