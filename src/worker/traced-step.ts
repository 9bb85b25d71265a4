import { SpanKind } from '@opentelemetry/api';
import type { DurableSteps } from '../idempotency/durable-steps.js';
import type { StepContext } from '../job/job-context.js';
import type { AttemptSpan } from '../telemetry/tracing/attempt-span.js';
import { attribute } from '../telemetry/tracing/attributes.js';
import { failureOf } from '../telemetry/tracing/failure.js';
import { inPartSpan } from '../telemetry/tracing/part-span.js';

/** Does a durable step under a span of its own, which says whether an earlier run had done it. */
export function tracedStep<T>(
  attempt: AttemptSpan,
  steps: DurableSteps,
  name: string,
  fn: (step: StepContext) => Promise<T> | T,
): Promise<T> {
  let ran = false;
  const stepped = inPartSpan(
    attempt,
    { name: `step ${name}`, kind: SpanKind.INTERNAL, attributes: {} },
    (within) => {
      const run = within(fn);
      return steps.step(name, (step) => {
        ran = true;
        return run(step);
      });
    },
    (result) => ({
      attributes: { [attribute.replayed]: !ran && !result.threw },
      ...(result.threw && { failure: failureOf(result.error) }),
    }),
  );
  // As with the step itself: one that nobody awaits must not end the process by its failure.
  stepped.catch(() => undefined);
  return stepped;
}
