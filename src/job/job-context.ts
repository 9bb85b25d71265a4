import type { Logger } from 'pino';
import type { DurationInput, EpochMs } from '../time/duration.js';
import type { DependencyDefinition } from './define-dependency.js';

export interface CallOptions {
  /** Separates parts of one dependency that fail on their own, such as hosts: each has a breaker of its own. At most 200 characters. */
  readonly key?: string;
  /** Overrides the dependency's timeout for this call. */
  readonly timeout?: DurationInput;
}

/** What the function of a durable step gets. */
export interface StepContext {
  /** `ctx.effectKey` of the step's name: the same whenever the step runs. Send it as `Idempotency-Key`. */
  readonly effectKey: string;
  /** Aborted with the job. */
  readonly signal: AbortSignal;
}

/** What a handler gets beside its payload. */
export interface JobContext {
  readonly jobId: string;
  readonly kind: string;
  readonly queue: string;
  /** The job's idempotency key, if it has one. */
  readonly key: string | undefined;
  readonly tenant: string | undefined;
  /** Which attempt this is, from 1. Attempts that were interrupted or whose worker died do not count. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly enqueuedAt: EpochMs;
  /** Aborted when the attempt times out, the job is cancelled, its lease is lost or the worker shuts down. Hand it to every call. */
  readonly signal: AbortSignal;
  /** When this attempt will be aborted. */
  readonly deadline: EpochMs;
  /** Milliseconds until the deadline, never below zero. */
  remainingMs(): number;
  /** Carries job id, kind, queue and attempt. */
  readonly log: Logger;
  /** Tells how far the job is: a number from 0 to 100, or any small JSON value. Bounded to a few KB. */
  progress(value: number | Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * Calls something outside under the dependency's timeout and its breaker. The signal given to `fn` is aborted when the call times out
   * or the job is aborted.
   *
   * The call is refused while the breaker is open, while an operator isolates the dependency, and when this worker makes as many calls
   * as its `capacity` allows. A handler that lets such an error through has its job set aside without using up an attempt.
   *
   * @throws DependencyTimeoutError when the call took longer than the dependency allows; BreakerOpenError, BreakerIsolatedError or
   * DependencyBusyError when it was not made; DefinitionError for a key that is too long; whatever `fn` throws otherwise.
   */
  call<T>(
    dependency: DependencyDefinition,
    fn: (signal: AbortSignal) => Promise<T> | T,
    options?: CallOptions,
  ): Promise<T>;
  /**
   * Grows with every start of the job: attempts, and those that a crash or a shutdown cut short; and with every start of a job of the same
   * idempotency key, as long as that is remembered. A receiver that keeps the highest fence it has seen can refuse lower ones: they come
   * from a run that somebody else has followed.
   */
  readonly fence: number;
  /** A key that is the same for every attempt of this job, and for every job of its idempotency key, and differs per name: send it as `Idempotency-Key`. */
  effectKey(name: string): string;
  /**
   * Does a part of the job's work once. What `fn` returns is remembered in the job before this resolves; later runs of the job, after a
   * failure, a crash or a deployment, get it back without `fn` being called. What `fn` throws comes to the handler and is not remembered.
   * When a run ends between the work of `fn` and its being remembered, the step runs again: send `effectKey` along.
   *
   * `name` is the step's own in its kind: 1 to 100 letters, digits, `.`, `-` and `_`. Steps are asked for in the same order in every
   * run, or at the same time. The result is what JSON makes of it, the first time too: a Date becomes a string.
   *
   * @throws StepNameTakenError when this run has asked for the name before.
   * @throws StepsChangedError when steps of earlier runs have no place in this one any more.
   * @throws StepResultError when the result is no JSON or larger than `job.maxStepBytes`, or all of them than `job.maxStepsBytes`.
   * @throws TooManyStepsError when the job has 1000 steps; DefinitionError for a name or a function that is none, or a step inside of another.
   * @throws LeaseLostError when somebody else owns the job; the signal's reason when it is aborted.
   */
  step<T>(name: string, fn: (step: StepContext) => Promise<T> | T): Promise<T>;
}
