import { type Admission, admit } from '../breaker/admission.js';
import { refusalIn } from '../breaker/breaker-errors.js';
import type { BreakerPhase } from '../breaker/breaker-state.js';
import type { Decider } from '../breaker/decide-door.js';
import { decideParking } from '../breaker/decide-parking.js';
import { outageIn } from '../breaker/failed-call.js';
import type { Claim } from '../idempotency/claim.js';
import { decideClaim } from '../idempotency/decide-claim.js';
import { keyDigest, payloadFingerprint } from '../idempotency/identity.js';
import { KeyConflictError } from '../idempotency/key-conflict-error.js';
import { DrainTimeoutError } from '../job/abort-reasons.js';
import type { Cancellation } from '../job/cancellation.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { ErrorVerdict } from '../job/error-verdict.js';
import type { JobContext } from '../job/job-context.js';
import { LeaseLostError } from '../job/lease-lost-error.js';
import { fallbackForLoad, type Outcome } from '../job/outcome.js';
import type { KindRegistry } from '../job/registry.js';
import { classifyError } from '../retry/classify.js';
import { decideFailure } from '../retry/decide-failure.js';
import { reportError } from '../retry/error-report.js';
import { failedDependency } from '../retry/failed-dependency.js';
import type { StartDecision } from '../shedding/decide-admission.js';
import type { AttemptSpan } from '../telemetry/tracing/attempt-span.js';
import { CarriedClock, type Clock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import { attemptsAllowed } from './attempts-allowed.js';
import { type ContextServices, createContext, endContext } from './create-context.js';
import type { HungHandler } from './hung-handlers.js';
import { type PreparationLimits, prepareJob, startableForMs } from './prepare-job.js';
import { encodeResult } from './result.js';
import type { RetryAdmission } from './retry-admission.js';
import { type AttemptEnd, runAttempt } from './run-attempt.js';

/** Pause before a job runs again that met a fault of our own. */
const unexpectedDelayMs = 5_000;
/**
 * A job may be started every two seconds while it waits for a dependency: where no supervisor decides for all workers, each sets it aside for
 * another. So this is an outage of hours. A job that has been started more often without an attempt may itself be why its dependency fails:
 * from then on its probes use up attempts.
 */
const mostSparedStarts = 5_000;

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
  /** Claims a key for a job that was written without one. Undefined when its lease is lost. */
  readonly claimKey: (job: FetchedJob, digest: string, fingerprint: string) => Promise<Claim | undefined>;
  /** Lets retries run or postpones them; undefined lets all of them run. */
  readonly retries: Pick<RetryAdmission, 'admit'> | undefined;
  /** Told of every handler that ran for its job, and whether it did its work; not of fallbacks. */
  readonly onRan?: (job: FetchedJob, isDone: boolean) => void;
  /** Told of handlers that are given up on. */
  readonly onHung: (handler: HungHandler) => void;
}

/** A breaker that lets no calls through. */
interface Absence {
  readonly breaker: string;
  readonly by: Decider;
  readonly phase: BreakerPhase;
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

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  async execute(job: FetchedJob, cancellation: Cancellation, span?: AttemptSpan): Promise<Outcome> {
    const { registry, limits } = this.#options;
    try {
      // Redis said when the job was taken. From then on its time is counted, whatever the clock of this machine says.
      const clock = new CarriedClock(job.startedAt, this.#options.clock);
      const known = this.#known(job);
      if (known) return known;
      const preparing = prepareJob(job, registry, limits, clock.now());
      const prepared = preparing instanceof Promise ? await preparing : preparing;
      if (prepared.kind === 'refused') return prepared.outcome;

      const { definition, payload } = prepared;
      const start = this.#options.shed(job, definition);
      if (start.kind === 'delay' || start.kind === 'park') {
        const leftMs = startableForMs(job, definition, clock.now());
        return { kind: 'parked', reason: 'shed', delayMs: Math.min(start.delayMs, leftMs) };
      }
      if (job.claim === undefined) {
        const taken = await this.#takenKey(job, definition, payload, clock);
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
        : this.#park(refusal, job, clock.now());
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
    const refusal = end.kind === 'threw' ? this.#refusalIn(end.error, job, definition, clock.now()) : undefined;
    // A breaker of one key is not known before the call, and none before the calls that open it.
    if (refusal !== undefined && fallbackFor === undefined && mayFallBack(job, definition, refusal))
      return this.#run({ job, definition, payload, cancellation, clock, span, fallbackFor: refusal.breaker });
    const aside =
      refusal ?? (fallbackFor !== undefined && this.#failsLater(end, fallbackFor, job, definition, clock.now()));
    const outcome = aside ? this.#park(aside, job, clock.now()) : this.#outcomeOf(end, job, definition, clock.now());
    return fallbackFor !== undefined && outcome.kind === 'completed' ? { ...outcome, fallbackFor } : outcome;
  }

  /** Why it is no failure of a job that its handler threw: a call was not made, or has failed with others and its breaker is open by now. */
  #refusalIn(error: unknown, job: FetchedJob, definition: AnyJobDefinition, now: EpochMs): Absence | undefined {
    const refused = refusalIn(error);
    if (refused !== undefined || job.starts - job.attemptsMade > mostSparedStarts) return refused;
    const outage = outageIn(error);
    if (outage === undefined) return undefined;
    // The handler may know better what its error means than the call did.
    const verdict = this.#classify(error, now, definition);
    if (verdict.class !== 'transient' && verdict.class !== 'throttled') return undefined;
    this.#options.log.info(
      { jobId: job.id, kind: job.kind, breaker: outage.breaker, err: error },
      'job.attempt_spared',
    );
    return { breaker: outage.breaker, by: outage.by, phase: outage.state.phase };
  }

  /**
   * The breaker for which a job waits whose fallback failed, where that may go better another time: its handler has not run, and is what the
   * attempts are for. False where the fallback says that there is no use.
   */
  #failsLater(
    end: AttemptEnd,
    breaker: string,
    job: FetchedJob,
    definition: AnyJobDefinition,
    now: EpochMs,
  ): Pick<Absence, 'breaker' | 'by'> | false {
    if (end.kind !== 'threw' || job.starts - job.attemptsMade > mostSparedStarts) return false;
    const verdict = this.#classify(end.error, now, definition);
    if (verdict.class !== 'transient' && verdict.class !== 'throttled') return false;
    this.#options.log.warn({ jobId: job.id, kind: job.kind, breaker, err: end.error }, 'job.fallback_failed');
    return { breaker, by: this.#options.gates.find(breaker)?.refusal()?.by ?? 'worker' };
  }

  /** A job whose dependency may not be called waits, and has not failed. */
  #park({ breaker, by }: Pick<Absence, 'breaker' | 'by'>, { meta }: FetchedJob, now: EpochMs): Outcome {
    const { givenBack, random } = this.#options;
    // A suspect is not to come back among others.
    if (givenBack.kind === 'parked') return givenBack;
    return decideParking({ breaker, by, deadline: meta.deadline }, now, random());
  }

  /** How the job ends when the ledger knows its work, or another job is at it. */
  #known(job: FetchedJob): Outcome | undefined {
    const { limits, random, metrics, log } = this.#options;
    const { claim, id: jobId, kind } = job;
    if (claim === undefined || claim.verdict.kind === 'new') return undefined;
    metrics.ledgerVerdicts.inc({ kind, verdict: claim.verdict.kind });
    log.info({ jobId, kind, verdict: claim.verdict.kind }, 'job.key_known');
    const conflict = () =>
      new KeyConflictError(
        `the idempotency key ${job.meta.key === undefined ? `that ${kind} gives it` : JSON.stringify(job.meta.key)} was given to another payload before: the job was not run`,
      );
    return decideClaim(claim.verdict, () => reportError(conflict(), 'permanent', limits), random());
  }

  /** Claims the key of a job that does not name it itself. Undefined when it has none, or has got it. */
  async #takenKey(
    job: FetchedJob,
    definition: AnyJobDefinition,
    payload: unknown,
    clock: Clock,
  ): Promise<Outcome | undefined> {
    let key: string | undefined;
    try {
      key = job.meta.key ?? definition.idempotencyKey?.(payload);
    } catch (error) {
      return this.#failure(error, job, definition, clock.now());
    }
    return key === undefined ? undefined : this.#claim(job, key);
  }

  /** Claims a key that no producer of ours wrote into the job. */
  async #claim(job: FetchedJob, key: string): Promise<Outcome | undefined> {
    const { kind, meta } = job;
    const fingerprint = payloadFingerprint(meta.version ?? 1, JSON.parse(job.dataJson));
    job.claim = await this.#options.claimKey(job, keyDigest({ kind, tenant: meta.tenant, key }), fingerprint);
    return job.claim === undefined ? { kind: 'lease_lost' } : this.#known(job);
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
        return this.#failure(end.error, job, definition, now);
      case 'aborted':
        if (end.reason instanceof LeaseLostError) return { kind: 'lease_lost' };
        if (end.reason instanceof DrainTimeoutError) return this.#options.givenBack;
        // Our own reasons: a kind's rules are for what its handler met.
        return this.#failure(end.reason, job, { ...definition, classify: undefined }, now);
    }
  }

  /** A kind's own rules that throw are a bug of theirs, not a reason to lose the job's outcome. */
  #classify(error: unknown, now: EpochMs, definition: AnyJobDefinition): ErrorVerdict {
    try {
      return classifyError(error, now, definition.classify);
    } catch (thrown) {
      this.#options.log.error({ kind: definition.kind, err: thrown }, 'job.classify_failed');
      return classifyError(error, now);
    }
  }

  #failure(error: unknown, job: FetchedJob, definition: AnyJobDefinition, now: EpochMs): Outcome {
    const { limits, random } = this.#options;
    const verdict = this.#classify(error, now, definition);
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

/**
 * While the fleet keeps away from a dependency the fallback is the best there is. Where only this worker does, or the dependency is back and
 * its calls return by and by, the job is better off a moment later or elsewhere: it falls back only when that has been tried.
 */
function mayFallBack(
  { starts, attemptsMade }: FetchedJob,
  definition: AnyJobDefinition,
  { by, phase }: Pick<Absence, 'by' | 'phase'>,
): boolean {
  if (definition.fallback === undefined || phase === 'closed') return false;
  return by === 'fleet' || starts > attemptsMade + 1;
}
