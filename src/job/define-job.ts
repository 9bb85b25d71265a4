import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  aFunction,
  aList,
  anObject,
  anything,
  type OptionShapes,
  sortOf,
  type ValueShape,
} from '../errors/option-faults.js';
import type { DurationInput, DurationMs } from '../time/duration.js';
import { assertOptions, ownerText } from './assert-options.js';
import type { DependencyDefinition } from './define-dependency.js';
import { type QueueDefinition, readDuration, readTimeout } from './define-queue.js';
import { assertName, DefinitionError } from './definition-error.js';
import type { ErrorVerdict } from './error-verdict.js';
import type { JobContext } from './job-context.js';
import type { Upcasters } from './upcast.js';

export interface RetryPolicyOptions {
  /**
   * How often a job may run before it is dead-lettered, the first time included.
   * @defaultValue 8, or 3 in a queue of class sheddable
   */
  readonly attempts?: number;
  /**
   * Upper bound of the pause after the first failure; it doubles with each further one. The pause itself is random
   * between 100 ms and the bound.
   * @defaultValue '1s'
   */
  readonly base?: DurationInput;
  /**
   * Longest pause.
   * @defaultValue '5m'
   */
  readonly cap?: DurationInput;
}

/** How often and how far apart a job of a kind is tried, complete. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly baseMs: DurationMs;
  readonly capMs: DurationMs;
}

/** What the author of a kind of job says of it. `S` is the schema of its payload, `R` what its handler returns. */
export interface JobOptions<S extends StandardSchemaV1, R> {
  /** Stable name of this kind of job: it is written into every job, so changing it orphans the waiting ones. */
  readonly kind: string;
  readonly queue: QueueDefinition;
  /**
   * Version of the payload. Raise it when old payloads no longer fit the schema, and add an upcaster.
   * @defaultValue 1
   */
  readonly version?: number;
  /** Any Standard Schema: zod, valibot, ArkType and others. Checked at enqueue and again before the handler runs. */
  readonly payload: S;
  /** From each older version to the next: `{ 1: (v1) => v2 }`. */
  readonly upcast?: Upcasters;
  /** Gives jobs of the same meaning the same key, so that enqueuing twice makes one job. */
  readonly idempotencyKey?: (payload: StandardSchemaV1.InferOutput<S>) => string;
  /** What the handler calls through `ctx.call`. While one of them may not be called the job is not started: its `fallback` runs, or it waits. */
  readonly dependencies?: readonly DependencyDefinition[];
  readonly retry?: RetryPolicyOptions;
  /**
   * How long one attempt may run before its signal is aborted.
   * @defaultValue '1m'
   */
  readonly timeout?: DurationInput;
  /** Dead-letters a job that has waited longer than this instead of running it. Default: any age is fine. */
  readonly maxQueueAge?: DurationInput;
  /** Says what kind of failure an error of this handler is; undefined leaves it to Bulwark. */
  readonly classify?: (error: unknown) => ErrorVerdict | undefined;
  /** The handler. It may run more than once for one job: do what must happen once in a `ctx.step`, with `ctx.effectKey` where others can check it. */
  run(payload: StandardSchemaV1.InferOutput<S>, ctx: JobContext): Promise<R> | R;
  /** What to do instead while a dependency is known to be down. What it returns is the job's result, which says that it is the fallback's. */
  fallback?(payload: StandardSchemaV1.InferOutput<S>, ctx: JobContext): Promise<unknown> | unknown;
}

/** A kind of job as `defineJob` resolved it. */
export interface JobDefinition<S extends StandardSchemaV1 = StandardSchemaV1, R = unknown> {
  readonly kind: string;
  readonly queue: QueueDefinition;
  readonly version: number;
  readonly payload: S;
  readonly upcast: Upcasters;
  readonly idempotencyKey: ((payload: StandardSchemaV1.InferOutput<S>) => string) | undefined;
  readonly dependencies: readonly DependencyDefinition[];
  readonly retry: RetryPolicy;
  readonly timeoutMs: DurationMs;
  readonly maxQueueAgeMs: DurationMs | undefined;
  readonly classify: ((error: unknown) => ErrorVerdict | undefined) | undefined;
  run(payload: StandardSchemaV1.InferOutput<S>, ctx: JobContext): Promise<R> | R;
  fallback?(payload: StandardSchemaV1.InferOutput<S>, ctx: JobContext): Promise<unknown> | unknown;
}

/** What a producer hands in for a kind: the schema's input, before defaults. */
export type PayloadInput<J> = J extends JobDefinition<infer S, infer _> ? StandardSchemaV1.InferInput<S> : never;

/** What the handler of a kind returns. */
export type JobResult<J> = J extends JobDefinition<infer _, infer R> ? Awaited<R> : never;

/** Any kind of job, when the payload type does not matter. */
// biome-ignore lint/suspicious/noExplicitAny: run's parameter makes the definition contravariant in its payload; only any accepts all.
export type AnyJobDefinition = JobDefinition<any, any>;

const aQueue: ValueShape = {
  expected: 'what defineQueue returned',
  fits: (value) => anObject.fits(value) && typeof (value as Partial<QueueDefinition>).sloMs === 'number',
};

/** What stands as `anything` is checked where it is read. */
const jobShapes: OptionShapes<JobOptions<StandardSchemaV1, unknown>> = {
  kind: anything,
  queue: aQueue,
  version: anything,
  payload: anything,
  upcast: anObject,
  idempotencyKey: aFunction,
  dependencies: aList,
  retry: anObject,
  timeout: anything,
  maxQueueAge: anything,
  classify: aFunction,
  run: aFunction,
  fallback: aFunction,
};

const retryShapes: OptionShapes<RetryPolicyOptions> = { attempts: anything, base: anything, cap: anything };

/**
 * Declares a kind of job: its payload, its policy and its handler. Producers and workers share this one definition.
 *
 * @throws DefinitionError when a name, number or duration is not usable, an option is unknown or of the wrong type, or an upcaster is missing between two versions.
 */
export function defineJob<S extends StandardSchemaV1, R>(options: JobOptions<S, R>): JobDefinition<S, R> {
  const what = ownerText('job', options?.kind);
  assertOptions(what, options, jobShapes);
  const { kind } = options;
  assertName('a kind', kind);
  assertGiven(what, 'queue', options.queue, aQueue);
  assertGiven(what, 'run', options.run, aFunction);
  assertOptions(what, options.retry ?? {}, retryShapes, 'retry');
  const version = options.version ?? 1;
  if (!Number.isInteger(version) || version < 1) {
    throw new DefinitionError(`job ${kind}: version must be a whole number from 1, got ${version}`);
  }
  assertUpcasters(kind, version, options.upcast ?? {});
  assertSchema(kind, options.payload);
  const maxQueueAgeMs =
    options.maxQueueAge === undefined ? undefined : readDuration(`job ${kind}: maxQueueAge`, options.maxQueueAge);
  if (maxQueueAgeMs === 0) throw new DefinitionError(`job ${kind}: maxQueueAge must be above zero`);
  return Object.freeze({
    kind,
    queue: options.queue,
    version,
    payload: options.payload,
    upcast: options.upcast ?? {},
    idempotencyKey: options.idempotencyKey,
    dependencies: options.dependencies ?? [],
    retry: resolveRetryPolicy(kind, options.queue, options.retry ?? {}),
    timeoutMs: readTimeout(`job ${kind}: timeout`, options.timeout ?? '1m'),
    maxQueueAgeMs,
    classify: options.classify,
    run: options.run,
    ...(options.fallback && { fallback: options.fallback }),
  });
}

/** A queue or a handler that is missing would be noticed only when the first job runs, if at all. */
function assertGiven(what: string, name: string, value: unknown, shape: ValueShape): void {
  if (!shape.fits(value)) throw new DefinitionError(`${what}: ${name} must be ${shape.expected}, got ${sortOf(value)}`);
}

/** The compiler sees it too, but a schema of an older release of its library has the right look and none of the standard. */
function assertSchema(kind: string, payload: unknown): void {
  const standard = (payload as Partial<StandardSchemaV1> | undefined)?.['~standard'];
  if (typeof standard?.validate === 'function') return;
  throw new DefinitionError(
    `job ${kind}: payload must be a Standard Schema, such as one of zod 4, valibot 1 or ArkType 2; is the library that made it older?`,
  );
}

function resolveRetryPolicy(kind: string, queue: QueueDefinition, retry: RetryPolicyOptions): RetryPolicy {
  const attempts = retry.attempts ?? (queue.criticality === 'sheddable' ? 3 : 8);
  const baseMs = readDuration(`job ${kind}: retry.base`, retry.base ?? '1s');
  const capMs = readDuration(`job ${kind}: retry.cap`, retry.cap ?? '5m');
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > 1000) {
    throw new DefinitionError(`job ${kind}: retry.attempts must be a whole number from 1 to 1000, got ${attempts}`);
  }
  if (capMs < baseMs) {
    throw new DefinitionError(`job ${kind}: retry.cap (${capMs} ms) must not be below retry.base (${baseMs} ms)`);
  }
  return Object.freeze({ attempts, baseMs, capMs });
}

function assertUpcasters(kind: string, version: number, upcasters: Upcasters): void {
  const from = Object.keys(upcasters).map(Number);
  const oldest = Math.min(...from, version);
  for (let v = oldest; v < version; v++) {
    if (!upcasters[v]) throw new DefinitionError(`job ${kind}: upcast has no step from version ${v} to ${v + 1}`);
  }
  const beyond = from.find((v) => !Number.isInteger(v) || v < 1 || v >= version);
  if (beyond !== undefined) {
    throw new DefinitionError(
      `job ${kind}: upcast has a step from version ${beyond}, but the current version is ${version}`,
    );
  }
}
