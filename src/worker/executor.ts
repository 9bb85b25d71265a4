import { type Admission, admit } from '../breaker/admission.js';
import { DrainTimeoutError } from '../job/abort-reasons.js';
import type { Cancellation } from '../job/cancellation.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { JobContext } from '../job/job-context.js';
import { LeaseLostError } from '../job/lease-lost-error.js';
import { fallbackForLoad, type Outcome } from '../job/outcome.js';
import type { KindRegistry } from '../job/registry.js';
import { reportError } from '../retry/error-report.js';
import { asideForMs, type StartDecision } from '../shedding/decide-admission.js';
import type { AttemptSpan } from '../telemetry/tracing/attempt-span.js';
import { CarriedClock, type Clock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import { AbsentDependencies, mayFallBack } from './absent-dependencies.js';
import { ClaimedKeys, type ClaimedKeysOptions } from './claimed-keys.js';
import { type ContextServices, createContext, endContext } from './create-context.js';
import { FailureJudge } from './failure-judge.js';
import type { HungHandler } from './hung-handlers.js';
import { type PreparationLimits, prepareJob, startableForMs } from './prepare-job.js';
import { encodeResult } from './result.js';
import type { RetryAdmission } from './retry-admission.js';
import { type AttemptEnd, runAttempt } from './run-attempt.js';

/** Pause before a job runs again that met a fault of our own. */
const unexpectedDelayMs = 5_000;

export interface ExecutorOptions extends ContextServices {
  readonly registry: KindRegistry;
  readonly limits: PreparationLimits & ContextServices['limits'] & { readonly maxResultBytes: number };
  readonly abortGraceMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** How a job ends whose worker shuts down before it does. */
  readonly givenBack: Outcome;
  /** Whether a job runs while work is shed. */
  readonly shed: (job: FetchedJob, definition: AnyJobDefinition) => StartDecision;
  readonly claimKey: ClaimedKeysOptions['claimKey'];
  /** Lets retries run or postpones them; undefined lets all of them run. */
  readonly retries: Pick<RetryAdmission, 'admit'> | undefined;
  /** Told of every handler that ran for its job, and whether it did its work; not of fallbacks. */
  readonly onRan?: (job: FetchedJob, isDone: boolean) => void;
  /** Told of handlers that are given up on. */
  readonly onHung: (handler: HungHandler) => void;
}

interface Run {
  readonly job: FetchedJob;
  readonly definition: AnyJobDefinition;
  readonly payload: unknown;
  readonly cancellation: Cancellation;
  readonly clock: Clock;
  readonly span: AttemptSpan | undefined;
  readonly admission?: Extract<Admission, { kind: 'admitted' }> | undefined;
  /** What the fallback runs for in the place of the handler: a breaker, or load. */
  readonly fallbackFor?: string;
}

/**
 * Takes one fetched job to its outcome: what the ledger says of its key → prepare (kind, deadline, size, version, schema) → what gives way
 * while work is shed → breakers of its dependencies → retry budget → run under timeout and signal → classify what was thrown → decide. It
 * never throws, and the transport makes the outcome true.
 */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #keys: ClaimedKeys;
  readonly #judge: FailureJudge;
  readonly #absent: AbsentDependencies;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#keys = new ClaimedKeys(options);
    this.#judge = new FailureJudge(options);
    this.#absent = new AbsentDependencies({ ...options, judge: this.#judge });
  }

  async execute(job: FetchedJob, cancellation: Cancellation, span?: AttemptSpan): Promise<Outcome> {
    const { registry, limits } = this.#options;
    try {
      // Redis said when the job was taken. From then on its time is counted, whatever the clock of this machine says.
      const clock = new CarriedClock(job.startedAt, this.#options.clock);
      const known = this.#keys.known(job);
      if (known) return known;
      const preparing = prepareJob(job, registry, limits, clock.now());
      const prepared = preparing instanceof Promise ? await preparing : preparing;
      if (prepared.kind === 'refused') return prepared.outcome;

      const { definition, payload } = prepared;
      const start = this.#options.shed(job, definition);
      if (start.kind === 'delay' || start.kind === 'park') {
        const leftMs = startableForMs(job, definition, clock.now());
        return { kind: 'parked', reason: 'shed', delayMs: asideForMs(start.delayMs, leftMs), cause: start.reason };
      }
      if (job.claim === undefined) {
        const taken = await this.#claimKey(job, definition, payload, clock);
        if (taken) return taken;
      }
      // A fallback is there to do without the dependencies, whatever it runs for.
      if (start.kind === 'degrade')
        return await this.#run({ job, definition, payload, cancellation, clock, span, fallbackFor: fallbackForLoad });
      const admitting = admit(this.#options.gates, definition.dependencies);
      const admission = admitting && (await admitting);
      if (admission?.kind !== 'refused') {
        // After the breakers: a job that they do not let run takes no retry.
        const asking = this.#options.retries?.admit(job, definition, clock.now());
        const postponed = asking && (await asking);
        // A job that was called off meanwhile ends as such.
        if (postponed === undefined || cancellation.reason !== undefined)
          return await this.#run({ job, definition, payload, cancellation, clock, span, admission });
        admission?.passes.giveBack();
        return postponed;
      }
      const { refusal } = admission;
      return mayFallBack(job, definition, { by: refusal.by, phase: refusal.state.phase })
        ? await this.#run({ job, definition, payload, cancellation, clock, span, fallbackFor: refusal.breaker })
        : this.#absent.park(refusal, job, clock.now());
    } catch (error) {
      // Nothing above should throw. If it does, the job is tried again as after any failure, rather than held for ever.
      this.#options.log.error({ jobId: job.id, kind: job.kind, err: error }, 'executor.failed');
      return {
        kind: 'retried',
        delayMs: unexpectedDelayMs,
        error: reportError(error, 'transient', this.#options.limits),
      };
    }
  }

  /** Runs the handler, or the fallback for a breaker or load. */
  async #run({ job, definition, payload, cancellation, clock, span, admission, fallbackFor }: Run): Promise<Outcome> {
    const passes = admission?.passes;
    let context = undefined as JobContext | undefined;
    const end = await runAttempt({
      definition,
      runs: fallbackFor === undefined ? 'run' : 'fallback',
      payload,
      jobDeadline: job.meta.deadline,
      cancellation,
      abortGraceMs: this.#options.abortGraceMs,
      clock,
      span,
      onAbandoned: (ended) => this.#tellHung(job, cancellation, ended),
      createContext: (deadline) => {
        context = createContext({
          job,
          definition,
          cancellation,
          deadline,
          clock,
          passes,
          span,
          services: this.#options,
        });
        return context;
      },
    });
    passes?.giveBack();
    if (fallbackFor === undefined) this.#options.onRan?.(job, end.kind === 'returned');
    const ending = context === undefined ? undefined : endContext(context, end.kind);
    if (ending !== undefined) await ending;
    const now = clock.now();
    const absence = end.kind === 'threw' ? this.#absent.absenceIn(end.error, job, definition, now) : undefined;
    // A breaker of one key is not known before the call, and none before the calls that open it.
    if (absence !== undefined && fallbackFor === undefined && mayFallBack(job, definition, absence))
      return this.#run({ job, definition, payload, cancellation, clock, span, fallbackFor: absence.breaker });
    const aside =
      absence ??
      (end.kind === 'threw' && fallbackFor !== undefined
        ? this.#absent.absenceBehind(end.error, fallbackFor, job, definition, now)
        : undefined);
    const outcome = aside ? this.#absent.park(aside, job, now) : this.#outcomeOf(end, job, definition, now);
    return fallbackFor !== undefined && outcome.kind === 'completed' ? { ...outcome, fallbackFor } : outcome;
  }

  /** Claims the key of a job that does not name it itself. Undefined when it has none, or has got it. */
  async #claimKey(
    job: FetchedJob,
    definition: AnyJobDefinition,
    payload: unknown,
    clock: Clock,
  ): Promise<Outcome | undefined> {
    let key: string | undefined;
    try {
      key = job.meta.key ?? definition.idempotencyKey?.(payload);
    } catch (error) {
      return this.#judge.judge(error, job, definition, clock.now());
    }
    return key === undefined ? undefined : this.#keys.claim(job, key);
  }

  #tellHung({ id: jobId, kind }: FetchedJob, { reason }: Cancellation, ended: Promise<unknown>): void {
    if (reason === undefined) return;
    this.#options.log.warn({ jobId, kind, err: reason }, 'job.abandoned');
    // A worker that shuts down is about to end anyway.
    if (!(reason instanceof DrainTimeoutError)) this.#options.onHung({ jobId, kind, reason, ended });
  }

  #outcomeOf(end: AttemptEnd, job: FetchedJob, definition: AnyJobDefinition, now: EpochMs): Outcome {
    switch (end.kind) {
      case 'returned': {
        const { json, remark } = encodeResult(end.value, this.#options.limits.maxResultBytes);
        if (remark !== undefined)
          this.#options.log.warn({ jobId: job.id, kind: job.kind, remark }, 'job.result_dropped');
        return { kind: 'completed', resultJson: json };
      }
      case 'threw':
        return this.#judge.judge(end.error, job, definition, now);
      case 'aborted':
        if (end.reason instanceof LeaseLostError) return { kind: 'lease_lost' };
        if (end.reason instanceof DrainTimeoutError) return this.#options.givenBack;
        // Our own reasons: a kind's rules are for what its handler met.
        return this.#judge.judge(end.reason, job, { ...definition, classify: undefined }, now);
    }
  }
}
