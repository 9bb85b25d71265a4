import { type Context, propagation, ROOT_CONTEXT, type Span, TraceFlags, trace } from '@opentelemetry/api';
import { decodeCarrier, encodeCarrier, type Relation } from '../../job/trace-carrier.js';

/** Names a span in log lines, in the words that log stores look for. */
export interface TraceIds {
  readonly trace_id: string;
  readonly span_id: string;
}

/** What leads from a metric to a trace. A span's id beside it would lead nowhere else, and each exemplar is a part of each scrape. */
export type Exemplar = Pick<TraceIds, 'trace_id'>;

/** What a job is to carry, so that its run finds this context. */
export function carrierOf(context: Context, relation: Relation): string | undefined {
  const headers: Record<string, string> = {};
  propagation.inject(context, headers);
  return encodeCarrier(headers, relation);
}

/** The context that a job carries, and how its run stands to that. */
export function readCarrier(carrier: string | undefined): { readonly context: Context; readonly relation: Relation } {
  if (carrier === undefined) return { context: ROOT_CONTEXT, relation: 'child' };
  const { headers, relation } = decodeCarrier(carrier);
  return { context: propagation.extract(ROOT_CONTEXT, headers), relation };
}

export function isSampled(span: Span): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** The ids of a span; undefined for one that belongs to no trace. */
export function idsOf(span: Span | undefined): TraceIds | undefined {
  const context = span?.spanContext();
  if (context === undefined || !trace.isSpanContextValid(context)) return undefined;
  return { trace_id: context.traceId, span_id: context.spanId };
}
