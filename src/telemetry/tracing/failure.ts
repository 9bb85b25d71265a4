import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { serializeError } from '../error-serializer.js';
import { attribute } from './attributes.js';

/** What a span tells of an error: no more than a log line does. */
export interface SpanFailure {
  /** The error's name. */
  readonly type: string;
  readonly message?: string;
  readonly stack?: string;
}

/** An error as spans tell it: bounded, and without passwords of URLs. */
export function failureOf(error: unknown): SpanFailure {
  const { type, message, stack } = serializeError(error);
  return { type, message, ...(stack !== undefined && { stack }) };
}

/** Makes a span one that failed. */
export function failSpan(span: Span, { type, message, stack }: SpanFailure): void {
  span.setAttribute(attribute.errorType, type);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
  if (message === undefined) return;
  span.addEvent('exception', {
    'exception.type': type,
    'exception.message': message,
    ...(stack !== undefined && { 'exception.stacktrace': stack }),
  });
}
