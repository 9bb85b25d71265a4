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
import type { Outcome } from '../job/outcome.js';
import type { KindRegistry } from '../job/registry.js';
import { classifyError } from '../retry/classify.js';
import { decideFailure } from '../retry/decide-failure.js';
import { reportError } from '../retry/error-report.js';
import type { StartDecision } from '../shedding/decide-admission.js';
import { CarriedClock, type Clock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import { attemptsAllowed } from './attempts-allowed.js';
import { type ContextServices, createContext, endContext } from './create-context.js';
import type { HungHandler } from './hung-handlers.js';
import { type PreparationLimits, prepareJob } from './prepare-job.js';
import { encodeResult } from './result.js';
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
  readonly admit: (job: FetchedJob, definition: AnyJobDefinition) => StartDecision;
  /** Claims a key for a job that was written without one. Undefined when its lease is lost. */
  readonly claimKey: (job: FetchedJob, digest: string, fingerprint: string) => Promise<Claim | undefined>;
  /** Told of handlers that are given up on. */
  readonly onHung: (handler: HungHandler) => void;
}

/**
 * Takes one fetched job to its outcome: what the ledger says of its key → prepare (kind, deadline, size, version, schema) →
 * admission, while work is shed → run under timeout and signal → classify what was thrown → decide. It never throws, and the transport makes the outcome true.
 */
export class Executor {
  readonly #options: ExecutorOptions;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  async execute(job: FetchedJob, cancellation: Cancellation): Promise<Outcome> {
    const { registry, limits, abortGraceMs } = this.#options;
    try {
      // Redis said when the job was taken. From then on its time is counted, whatever the clock of this machine says.
      const clock = new CarriedClock(job.startedAt, this.#options.clock);
      const known = this.#known(job);
      if (known) return known;
      const preparing = prepareJob(job, registry, limits, clock.now());
      const prepared = preparing instanceof Promise ? await preparing : preparing;
      if (prepared.kind === 'refused') return prepared.outcome;

      const { payload } = prepared;
      const admission = this.#options.admit(job, prepared.definition);
      if (admission.kind === 'delay' || admission.kind === 'park')
        return { kind: 'parked', reason: 'shed', delayMs: admission.delayMs };
      const definition = admission.kind === 'degrade' ? degraded(prepared.definition) : prepared.definition;
      if (job.claim === undefined) {
        const taken = await this.#takenKey(job, definition, payload, clock);
        if (taken) return taken;
      }
      let context = undefined as JobContext | undefined;
      const end = await runAttempt({
        definition,
        payload,
        jobDeadline: job.meta.deadline,
        cancellation,
        abortGraceMs,
        clock,
        onAbandoned: (ended) => this.#tellHung(job, cancellation, ended),
        createContext: (deadline) => {
          context = createContext({ job, definition, cancellation, deadline, clock, services: this.#options });
          return context;
        },
      });
      const ending = context === undefined ? undefined : endContext(context, end.kind);
      if (ending !== undefined) await ending;
      return this.#outcomeOf(end, job, definition, clock.now());
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
    const policy = { ...definition.retry, attempts: attemptsAllowed(job, definition) };
    const decision = decideFailure(
      { verdict, attempt: job.attemptsMade + 1, policy, deadline: job.meta.deadline },
      now,
      random(),
    );
    return decision.kind === 'retry'
      ? { kind: 'retried', delayMs: decision.delayMs, error: report }
      : { kind: 'dead_lettered', reason: decision.reason, error: report, attempted: true };
  }
}

/** A kind whose fallback is what it does. */
function degraded(definition: AnyJobDefinition): AnyJobDefinition {
  return { ...definition, run: definition.fallback ?? definition.run };
}
