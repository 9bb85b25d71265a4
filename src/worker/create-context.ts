import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { JobPasses } from '../breaker/admission.js';
import type { CallGates } from '../breaker/call-gates.js';
import { DurableSteps, type StepLimits } from '../idempotency/durable-steps.js';
import { RunEndedError } from '../idempotency/step-errors.js';
import type { StepStore } from '../idempotency/step-store.js';
import type { Cancellation } from '../job/cancellation.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { ErrorVerdict } from '../job/error-verdict.js';
import type { JobContext } from '../job/job-context.js';
import { traceIdIn } from '../job/trace-carrier.js';
import { classifyError } from '../retry/classify.js';
import { jobLogger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { AttemptSpan } from '../telemetry/tracing/attempt-span.js';
import type { Clock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import { attemptsAllowed } from './attempts-allowed.js';
import { type Caller, callDependency } from './dependency-call.js';
import type { AttemptEnd } from './run-attempt.js';
import { tracedCall } from './traced-call.js';
import { tracedStep } from './traced-step.js';

export interface ContextParts {
  readonly job: FetchedJob;
  readonly definition: AnyJobDefinition;
  readonly cancellation: Cancellation;
  readonly deadline: EpochMs;
  /** The clock of the deadline. */
  readonly clock: Clock;
  /** The calls that it may make of dependencies that are not simply free. */
  readonly passes: JobPasses | undefined;
  /** Undefined when nobody traces. */
  readonly span: AttemptSpan | undefined;
  readonly services: ContextServices;
}

/** What the contexts of all jobs of a worker share. */
export interface ContextServices {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly gates: CallGates;
  readonly reportProgress: (jobId: string, progress: number | object) => Promise<void>;
  readonly stepStore: Pick<StepStore, 'load' | 'save'>;
  readonly limits: StepLimits;
}

/** Largest progress value, as JSON: it is copied into the event stream with every report. */
const maxProgressBytes = 4_096;

/** Builds what a handler gets beside its payload. */
export function createContext(parts: ContextParts): JobContext {
  return Object.defineProperties(new HandlerContext(parts), HandlerContext.madeWhenAsked);
}

/** Ends what a context gave its handler; a promise only when there were durable steps. */
export function endContext(context: JobContext, ended: AttemptEnd['kind']): Promise<void> | undefined {
  return HandlerContext.end(context as HandlerContext, ended);
}

/** A class, because an object that is written out with as many functions costs thirty times as much. */
class HandlerContext implements JobContext {
  readonly jobId: string;
  readonly kind: string;
  readonly queue: string;
  readonly key: string | undefined;
  readonly tenant: string | undefined;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly enqueuedAt: EpochMs;
  readonly deadline: EpochMs;
  readonly fence: number;
  declare readonly signal: AbortSignal;
  declare readonly log: Logger;
  readonly #parts: ContextParts;
  #log: Logger | undefined;
  #steps: DurableSteps | undefined;
  #caller: Caller | undefined;
  #ended = false;

  constructor(parts: ContextParts) {
    const { job, definition, deadline } = parts;
    this.#parts = parts;
    this.jobId = job.id;
    this.kind = definition.kind;
    this.queue = definition.queue.name;
    this.key = job.meta.key;
    this.tenant = job.meta.tenant;
    this.attempt = job.attemptsMade + 1;
    this.fence = job.claim?.fence ?? job.starts;
    this.maxAttempts = attemptsAllowed(job, definition);
    this.enqueuedAt = job.enqueuedAt;
    this.deadline = deadline;
  }

  /** What most handlers of a busy queue never look at; on the object itself, so that a copy has them too. */
  static readonly madeWhenAsked: PropertyDescriptorMap = {
    signal: {
      enumerable: true,
      get(this: HandlerContext) {
        return this.#parts.cancellation.signal;
      },
    },
    log: {
      enumerable: true,
      get(this: HandlerContext) {
        return this.#logger();
      },
    },
  };

  static end(context: HandlerContext, ended: AttemptEnd['kind']): Promise<void> | undefined {
    return context.#end(ended);
  }

  #logger(): Logger {
    this.#log ??= this.#makeLogger();
    return this.#log;
  }

  /** Where nobody traces here, its lines still name the trace that the job's producer was in. */
  #makeLogger(): Logger {
    const { job, services, span } = this.#parts;
    const { jobId, queue, kind, attempt } = this;
    const traceId = span === undefined ? traceIdIn(job.carrier) : undefined;
    const trace = span?.ids ?? (traceId === undefined ? undefined : { trace_id: traceId });
    return jobLogger(services.log, { jobId, queue, kind, attempt }, trace);
  }

  readonly remainingMs = (): number => Math.max(0, this.deadline - this.#parts.clock.now());

  readonly progress: JobContext['progress'] = async (value) => {
    const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
    if (bytes === 0 || bytes > maxProgressBytes) {
      throw new RangeError(
        `progress must be a number or a small JSON value of at most ${maxProgressBytes} bytes, got ${bytes}`,
      );
    }
    await this.#parts.services.reportProgress(this.jobId, value);
  };

  readonly call: JobContext['call'] = (dependency, fn, options = {}) => {
    this.#caller ??= callerOf(this.#parts);
    const caller = this.#caller;
    const { span } = this.#parts;
    if (span === undefined || !span.isRecording) return callDependency(caller, dependency, fn, options);
    return tracedCall(span, caller, dependency, fn, options);
  };

  readonly effectKey = (name: string): string => {
    const { job } = this.#parts;
    // Jobs of one idempotency key do one piece of work. Where our producer wrote the job its id is the key's digest anyway.
    const work = job.claim?.digest ?? job.id;
    return createHash('sha256').update(`${this.queue}\n${work}\n${name}`).digest('base64url').slice(0, 32);
  };

  readonly step: JobContext['step'] = (name, fn) => {
    if (this.#ended) return Promise.reject(new RunEndedError(this.jobId));
    this.#steps ??= this.#startSteps();
    const { span } = this.#parts;
    if (span === undefined || !span.isRecording) return this.#steps.step(name, fn);
    return tracedStep(span, this.#steps, name, fn);
  };

  #startSteps(): DurableSteps {
    const { job, cancellation, clock, services } = this.#parts;
    return new DurableSteps({
      job,
      mayHaveSteps: job.starts > 1 || job.attemptsMade > 0,
      store: services.stepStore,
      limits: services.limits,
      cancellation,
      clock,
      effectKey: this.effectKey,
    });
  }

  #end(ended: AttemptEnd['kind']): Promise<void> | undefined {
    this.#ended = true;
    return this.#steps && this.#endSteps(this.#steps, ended);
  }

  async #endSteps(steps: DurableSteps, ended: AttemptEnd['kind']): Promise<void> {
    const { unused, unawaited } = await steps.end(this.remainingMs());
    if (ended !== 'returned') return;
    if (unawaited.length > 0) this.#logger().warn({ steps: unawaited }, 'job.steps_unawaited');
    if (unused.length > 0) this.#logger().warn({ steps: unused }, 'job.steps_unused');
  }
}

function callerOf({ definition, cancellation, clock, passes, services }: ContextParts): Caller {
  const { gates, metrics } = services;
  const entered: Caller['entered'] = new Set();
  return {
    gates,
    metrics,
    cancellation,
    passes,
    entered,
    verdictOf: (error) => verdictOf(error, clock.now(), definition),
  };
}

/** A kind's own rules that throw are a bug of theirs; how the job ends tells of it. */
function verdictOf(error: unknown, now: EpochMs, { classify }: AnyJobDefinition): ErrorVerdict {
  try {
    return classifyError(error, now, classify);
  } catch {
    return classifyError(error, now);
  }
}
