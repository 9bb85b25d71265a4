import { type Context, context, type Link, type Span, SpanKind, trace } from '@opentelemetry/api';
import type { JobMeta } from '../../job/job-meta.js';
import type { Outcome } from '../../job/outcome.js';
import { attribute, operationAttributes, queueAttributes } from './attributes.js';
import { type Exemplar, idsOf, isSampled, readCarrier, type TraceIds } from './context.js';
import { describeEnd } from './describe-end.js';
import { failSpan } from './failure.js';
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
  return new AttemptSpan(span, trace.setSpan(parent, span));
}

function linksTo(origin: Context): Link[] {
  const spanContext = trace.getSpanContext(origin);
  return spanContext === undefined ? [] : [{ context: spanContext }];
}

/** The span of one attempt: from its start until Redis knows how it ended. */
export class AttemptSpan {
  readonly #span: Span;
  readonly #context: Context;
  readonly isRecording: boolean;

  constructor(span: Span, context: Context) {
    this.#span = span;
    this.#context = context;
    this.isRecording = span.isRecording();
  }

  /** For log lines, whether anybody keeps the span or not. */
  get ids(): TraceIds | undefined {
    return idsOf(this.#span);
  }

  /** For metrics: undefined when the span leads to no trace that is kept. */
  get exemplar(): Exemplar | undefined {
    if (!isSampled(this.#span)) return undefined;
    return { trace_id: this.#span.spanContext().traceId };
  }

  /** Runs the handler, so that whatever it begins belongs to this attempt; so do calls that are not sampled, or each would ask anew. */
  run<T>(handler: () => T): T {
    return context.with(this.#context, handler);
  }

  /** The context in which a part of the attempt begins: that of the code that begins it, unless it has lost its way. */
  get contextOfCaller(): Context {
    const active = context.active();
    return trace.getSpan(active) === undefined ? this.#context : active;
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
