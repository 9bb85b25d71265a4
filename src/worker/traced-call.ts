import { SpanKind } from '@opentelemetry/api';
import { CallRefusedError } from '../breaker/breaker-errors.js';
import { DependencyTimeoutError } from '../breaker/dependency-timeout-error.js';
import type { DependencyDefinition } from '../job/define-dependency.js';
import type { CallOptions } from '../job/job-context.js';
import type { AttemptSpan } from '../telemetry/tracing/attempt-span.js';
import { attribute } from '../telemetry/tracing/attributes.js';
import { failureOf } from '../telemetry/tracing/failure.js';
import { inPartSpan, type PartEnd, type PartResult } from '../telemetry/tracing/part-span.js';
import { type Caller, callDependency } from './dependency-call.js';

/** Calls a dependency under a span of its own. What `fn` does with its own instrumentation are children of that. */
export function tracedCall<T>(
  attempt: AttemptSpan,
  caller: Caller,
  dependency: DependencyDefinition,
  fn: (signal: AbortSignal) => Promise<T> | T,
  options: CallOptions,
): Promise<T> {
  const { name } = dependency;
  const part = { name: `call ${name}`, kind: SpanKind.CLIENT, attributes: { [attribute.peer]: name } };
  return inPartSpan(
    attempt,
    part,
    (within) => callDependency(caller, dependency, within(fn), options),
    (result) => describeCall(result, caller.cancellation.reason),
  );
}

/** A call that was not made, or that nobody waited for any more, says nothing against the dependency. */
function describeCall(result: PartResult, abortReason: Error | undefined): PartEnd {
  if (!result.threw) return { attributes: { [attribute.callResult]: 'answered' } };
  const { error } = result;
  if (error instanceof CallRefusedError) return { attributes: { [attribute.callResult]: 'refused' } };
  if (abortReason !== undefined && error === abortReason) return { attributes: { [attribute.callResult]: 'aborted' } };
  const word = error instanceof DependencyTimeoutError ? 'timed_out' : 'failed';
  return { attributes: { [attribute.callResult]: word }, failure: failureOf(error) };
}
