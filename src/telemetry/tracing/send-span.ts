import { context, type Span, SpanKind, trace } from '@opentelemetry/api';
import { encodeCarrier } from '../../job/trace-carrier.js';
import { attribute, operationAttributes, queueAttributes } from './attributes.js';
import { carrierOf, isSampled, readCarrier } from './context.js';
import { failSpan, failureOf } from './failure.js';
import { currentTracer } from './tracer.js';

/** What is known of jobs before they are enqueued. */
export interface SendFacts {
  readonly queue: string;
  readonly kind: string;
  readonly count: number;
  readonly tenant: string | undefined;
  /** The trace that the caller wants them to belong to, instead of the one it is in. */
  readonly traceparent: string | undefined;
}

/** What is told of a job that was enqueued. */
interface Sent {
  readonly id: string;
  readonly duplicate: boolean;
}

/** The span of one enqueue, of one job or of many. */
export interface SendSpan {
  /** What each of the jobs is to carry. */
  readonly carrier: string;
  /** Ends the span when the jobs were enqueued, or were not. */
  around<T extends readonly Sent[]>(enqueuing: Promise<T>): Promise<T>;
}

/** What jobs carry that nobody traces: only what their producer asked for. */
export function carrierOfTraceparent(traceparent: string | undefined): string | undefined {
  return traceparent === undefined ? undefined : encodeCarrier({ traceparent }, 'child');
}

/**
 * Starts the span of an enqueue; undefined when nobody traces, or this enqueue is not sampled. Then its jobs carry nothing: most of the
 * jobs of a busy queue would hold seventy bytes in Redis to say that nobody follows them.
 */
export function startSendSpan(facts: SendFacts): SendSpan | undefined {
  const tracer = currentTracer();
  if (tracer === undefined) return undefined;
  const { queue, kind, count, tenant, traceparent } = facts;
  const parent = traceparent === undefined ? context.active() : readCarrier(carrierOfTraceparent(traceparent)).context;
  const options = { kind: SpanKind.PRODUCER, attributes: queueAttributes(queue, kind) };
  const span = tracer.startSpan(`send ${queue}`, options, parent);
  if (!isSampled(span)) return undefined;
  const carrier = carrierOf(trace.setSpan(parent, span), count === 1 ? 'child' : 'linked');
  if (carrier === undefined) return undefined;
  span.setAttributes(operationAttributes('send'));
  if (count !== 1) span.setAttribute(attribute.batchCount, count);
  if (tenant !== undefined) span.setAttribute(attribute.tenant, tenant);
  return { carrier, around: (enqueuing) => endWith(span, enqueuing) };
}

async function endWith<T extends readonly Sent[]>(span: Span, enqueuing: Promise<T>): Promise<T> {
  try {
    const sent = await enqueuing;
    const [first] = sent;
    if (sent.length === 1 && first !== undefined) {
      span.setAttribute(attribute.messageId, first.id);
      if (first.duplicate) span.setAttribute(attribute.duplicate, true);
    }
    return sent;
  } catch (error) {
    failSpan(span, failureOf(error));
    throw error;
  } finally {
    span.end();
  }
}
