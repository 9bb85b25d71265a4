/** The public surface of Bulwark: named exports only, each named here on purpose. */

export {
  BreakerIsolatedError,
  BreakerOpenError,
  CallRefusedError,
  DependencyBusyError,
} from './breaker/breaker-errors.js';
export { DependencyTimeoutError } from './breaker/dependency-timeout-error.js';
export { ConfigError } from './config/config-error.js';
export type {
  DeadLetterOptions,
  JobLimitOptions,
  ProducerOptions,
  RedisOptions,
  SupervisorOptions,
  WorkerOptions,
} from './config/option-types.js';
export type { RedisInput } from './config/redis-input.js';
export { BulwarkError, isBulwarkError } from './errors/bulwark-error.js';
export type { ErrorCode } from './errors/codes.js';
export { KeyConflictError } from './idempotency/key-conflict-error.js';
export {
  RunEndedError,
  StepNameTakenError,
  StepResultError,
  StepsChangedError,
  StepsUnreadableError,
  TooManyStepsError,
} from './idempotency/step-errors.js';
export { DrainTimeoutError, JobCancelledError, JobExpiredError, JobTimeoutError } from './job/abort-reasons.js';
export type { Criticality } from './job/criticality.js';
export {
  type BreakerDefinition,
  type BreakerOptions,
  type DependencyDefinition,
  type DependencyOptions,
  defineDependency,
} from './job/define-dependency.js';
export {
  type AnyJobDefinition,
  defineJob,
  type JobDefinition,
  type JobOptions,
  type JobResult,
  type PayloadInput,
  type RetryPolicyOptions,
} from './job/define-job.js';
export { defineQueue, type QueueDefinition, type QueueOptions } from './job/define-queue.js';
export { DefinitionError } from './job/definition-error.js';
export type { ErrorVerdict } from './job/error-verdict.js';
export type { CallOptions, JobContext, StepContext } from './job/job-context.js';
export { LeaseLostError } from './job/lease-lost-error.js';
export type { DeadLetterReason, ErrorClass } from './job/outcome.js';
export { type PayloadFault, PayloadInvalidError, PayloadTooLargeError } from './job/payload.js';
export { UnknownKindError } from './job/registry.js';
export type { TenantOptions, TenantPolicy } from './job/tenant-policy.js';
export { JobFailedError, type WaitOptions, WaitTimeoutError } from './producer/await-outcome.js';
export { type CreateProducerOptions, createProducer } from './producer/create-producer.js';
export type { EnqueueOptions } from './producer/enqueue-options.js';
export { JobShedError } from './producer/job-shed-error.js';
export type { EnqueuedJob, JobOutcome, Producer } from './producer/producer.js';
export { RedisMisconfiguredError } from './redis/fitness.js';
export { RedisUnavailableError } from './redis/redis-unavailable-error.js';
export { BusinessError, PermanentError, ThrottledError, TransientError } from './retry/errors.js';
export { parseRetryAfter } from './retry/retry-after.js';
export { type CreateSupervisorOptions, createSupervisor } from './supervisor/create-supervisor.js';
export type { Supervisor } from './supervisor/supervisor.js';
export type { Metrics } from './telemetry/metrics.js';
export type { DurationInput, DurationMs, EpochMs } from './time/duration.js';
export { createBulwarkBackend } from './transport/bulwark-backend.js';
export { type CreateWorkerOptions, createWorker } from './worker/create-worker.js';
export type { Retirement } from './worker/retirement.js';
export type { DrainReport, Worker } from './worker/worker.js';
