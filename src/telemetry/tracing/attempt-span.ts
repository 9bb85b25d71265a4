import {
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import type { JobMeta } from '../../job/job-meta.js';
import type { Outcome } from '../../job/outcome.js';
import { attribute, operationAttributes, queueAttributes } from './attributes.js';
import { type Exemplar, idsOf, isSampled, readCarrier, type TraceIds } from './context.js';
import { describeEnd } from './describe-end.js';
import { failSpan } from './failure.js';
import { contextOfUnfollowed, type FollowedContexts, followedContexts, followedSpan } from './followed-contexts.js';
import { currentTracer } from './tracer.js';

/** What is known of a job when an attempt starts. */
export interface StartedJob {
  readonly id: string;
  readonly kind: string;
  readonly meta: Pick<JobMeta, 'tenant'>;
  /** Attempts that ended before. */
  readonly attemptsMade: number;
  readonly starts: number;
  /** What the job carries of its trace. */
  readonly carrier: string | undefined;
}

/** Starts the span of an attempt; undefined when nobody traces. */
export function startAttemptSpan(queue: string, worker: string, job: StartedJob): AttemptSpan | undefined {
  const tracer = currentTracer();
  if (tracer === undefined) return undefined;
  const { id, kind, meta, attemptsMade, starts, carrier } = job;
  const origin = readCarrier(carrier);
  const isLinked = origin.relation === 'linked';
  // Baggage goes on in either case.
  const parent = isLinked ? trace.deleteSpan(origin.context) : origin.context;
  const span = tracer.startSpan(
    `process ${queue}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: queueAttributes(queue, kind),
      ...(isLinked && { links: linksTo(origin.context) }),
    },
    parent,
  );
  if (span.isRecording()) {
    span.setAttributes(operationAttributes('process'));
    span.setAttribute(attribute.messageId, id);
    span.setAttribute(attribute.clientId, worker);
    span.setAttribute(attribute.attempt, attemptsMade + 1);
    span.setAttribute(attribute.starts, starts);
    if (meta.tenant !== undefined) span.setAttribute(attribute.tenant, meta.tenant);
  }
  return new AttemptSpan(span, parent);
}

function linksTo(origin: Context): Link[] {
  const spanContext = trace.getSpanContext(origin);
  return spanContext === undefined ? [] : [{ context: spanContext }];
}

/** Of a job that was enqueued among many only baggage goes on. */
function bringsContext(parent: Context): boolean {
  if (parent === ROOT_CONTEXT) return false;
  return trace.getSpan(parent) !== undefined || propagation.getBaggage(parent) !== undefined;
}

/** The span of one attempt: from its start until Redis knows how it ended. */
export class AttemptSpan {
  readonly #span: Span;
  readonly #parent: Context;
  readonly isRecording: boolean;
  /** Whether its context goes further: the span is kept, the job brought a context, or the contexts of the program are not ours. */
  readonly isFollowed: boolean;
  #context: Context | undefined;
  /** Where the handler runs, until it has ended. */
  #runsIn: FollowedContexts | undefined;
  /** Whether the handler runs in the context of this attempt. */
  #hasContext = true;

  constructor(span: Span, parent: Context) {
    this.#span = span;
    this.#parent = parent;
    this.isRecording = span.isRecording();
    this.isFollowed = this.isRecording || bringsContext(parent) || followedContexts() === undefined;
  }

  /** For log lines; undefined for a span that leads nowhere. */
  get ids(): TraceIds | undefined {
    return this.isFollowed ? idsOf(this.#span) : undefined;
  }

  /** For metrics: undefined when the span leads to no trace that is kept. */
  get exemplar(): Exemplar | undefined {
    if (!isSampled(this.#span)) return undefined;
    return { trace_id: this.#span.spanContext().traceId };
  }

  /** Runs the handler, so that whatever it begins belongs to this attempt; what one begins that is not sampled is not asked anew. */
  run<T>(handler: () => T): T {
    const contexts = followedContexts();
    if (contexts === undefined) return context.with(this.#ownContext, handler);
    this.#runsIn = contexts;
    this.#hasContext = this.isFollowed || contexts.areForGood;
    return this.#hasContext
      ? contexts.runFollowed(this.#ownContext, handler)
      : contexts.runUnfollowed(this.#span, handler);
  }

  /** The handler has ended, or nobody waits for it any more. */
  leave(): void {
    this.#runsIn?.leave(this.#hasContext);
    this.#runsIn = undefined;
  }

  /** The context in which a part of the attempt begins: that of the code that begins it, unless it has lost its way. */
  get contextOfCaller(): Context {
    return followedSpan() === undefined ? this.#ownContext : context.active();
  }

  get #ownContext(): Context {
    this.#context ??= this.isFollowed ? trace.setSpan(this.#parent, this.#span) : contextOfUnfollowed(this.#span);
    return this.#context;
  }

  end(outcome: Outcome, refused: boolean): void {
    if (this.isRecording) {
      const { attributes, failure } = describeEnd(outcome, refused);
      this.#span.setAttributes(attributes);
      if (failure !== undefined) failSpan(this.#span, failure);
    }
    this.#span.end();
  }
}
