import type { Logger } from 'pino';
import type { DurationInput, EpochMs } from '../time/duration.js';
import type { DependencyDefinition } from './define-dependency.js';

export interface CallOptions {
  /** Separates parts of one dependency that fail on their own, such as hosts. Declared for the breaker; nothing reads it in this version. */
  readonly key?: string;
  /** Overrides the dependency's timeout for this call. */
  readonly timeout?: DurationInput;
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
   * Calls something outside under the dependency's timeout. The signal given to `fn` is aborted when the call times out or
   * the job is aborted.
   *
   * @throws DependencyTimeoutError when the call took longer than the dependency allows; whatever `fn` throws otherwise.
   */
  call<T>(
    dependency: DependencyDefinition,
    fn: (signal: AbortSignal) => Promise<T> | T,
    options?: CallOptions,
  ): Promise<T>;
  /**
   * Grows each time the job starts, and with every job of the same idempotency key as long as that is remembered. A receiver that keeps the
   * highest it has seen can refuse what an older run still sends.
   */
  readonly fence: number;
  /** A key that is the same for every attempt of this job, and for every job of its idempotency key, and differs per name: send it as `Idempotency-Key`. */
  effectKey(name: string): string;
}
