import type { Attributes } from '@opentelemetry/api';
import type { ErrorReport, Outcome } from '../../job/outcome.js';
import { withoutUrlPasswords } from '../redaction.js';
import { attribute } from './attributes.js';
import type { SpanFailure } from './failure.js';

/** What the span of an attempt says of its end. */
export interface SpanEnd {
  readonly attributes: Attributes;
  /** Set when the attempt failed. What was set aside, interrupted or lost to another worker has not. */
  readonly failure?: SpanFailure;
}

/**
 * Says how an attempt ended, as its span tells it. Pure.
 *
 * @param refused - whether Redis refused the outcome, because the lease belonged to somebody else.
 */
export function describeEnd(outcome: Outcome, refused: boolean): SpanEnd {
  if (refused) return { attributes: { [attribute.outcome]: 'lease_lost' } };
  const attributes: Attributes = { [attribute.outcome]: outcome.kind };
  switch (outcome.kind) {
    case 'completed':
      if (outcome.fallbackFor !== undefined) attributes[attribute.fallbackFor] = withoutKey(outcome.fallbackFor);
      return { attributes };
    case 'retried':
      attributes[attribute.delay] = outcome.delayMs / 1000;
      attributes[attribute.errorClass] = outcome.error.class;
      return { attributes, failure: failureIn(outcome.error) };
    case 'parked':
      attributes[attribute.delay] = outcome.delayMs / 1000;
      attributes[attribute.reason] = withoutKey(outcome.reason);
      return { attributes };
    case 'dead_lettered':
      attributes[attribute.reason] = outcome.reason;
      attributes[attribute.errorClass] = outcome.error.class;
      // What is said of a payload that was refused may quote it.
      return { attributes, failure: outcome.attempted ? failureIn(outcome.error) : { type: outcome.error.name } };
    case 'interrupted':
      attributes[attribute.reason] = outcome.reason;
      return { attributes };
    case 'lease_lost':
      return { attributes };
  }
}

/** The breaker of one key of a dependency is called `<dependency>/<key>`, and keys have no place in a span. */
function withoutKey(breaker: string): string {
  return breaker.split('/', 1)[0] ?? breaker;
}

/** Reports are bounded when they are made. */
function failureIn({ name, message, stack }: ErrorReport): SpanFailure {
  return {
    type: name,
    message: withoutUrlPasswords(message),
    ...(stack !== undefined && { stack: withoutUrlPasswords(stack) }),
  };
}
