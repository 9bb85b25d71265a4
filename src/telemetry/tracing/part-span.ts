import { type Attributes, type Context, type SpanKind, trace } from '@opentelemetry/api';
import type { AttemptSpan } from './attempt-span.js';
import { failSpan, type SpanFailure } from './failure.js';
import { inContext } from './followed-contexts.js';
import { currentTracer } from './tracer.js';

/** A part of an attempt that gets a span of its own. */
export interface Part {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

/** How a part ended. */
export type PartResult = { readonly threw: false } | { readonly threw: true; readonly error: unknown };

/** What the span of a part says of its end. */
export interface PartEnd {
  readonly attributes: Attributes;
  readonly failure?: SpanFailure;
}

/** Lets a function run as what the part does: spans that it starts are children of the part's. */
export type Within = <A extends unknown[], T>(fn: (...args: A) => T) => (...args: A) => T;

/** Does a part of an attempt that is recorded. The span ends with it, and says what `describe` makes of how it did. */
export async function inPartSpan<T>(
  attempt: AttemptSpan,
  { name, kind, attributes }: Part,
  run: (within: Within) => Promise<T>,
  describe: (result: PartResult) => PartEnd,
): Promise<T> {
  const parent = attempt.contextOfCaller;
  const span = currentTracer()?.startSpan(name, { kind, attributes }, parent);
  if (span === undefined) return run((fn) => fn);
  const end = (result: PartResult) => {
    const { attributes: more, failure } = describe(result);
    span.setAttributes(more);
    if (failure !== undefined) failSpan(span, failure);
    span.end();
  };
  try {
    const result = await run(withinContext(trace.setSpan(parent, span)));
    end({ threw: false });
    return result;
  } catch (error) {
    end({ threw: true, error });
    throw error;
  }
}

function withinContext(active: Context): Within {
  return (fn) =>
    (...args) =>
      inContext(active, () => fn(...args));
}
