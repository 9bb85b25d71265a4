import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Cancellation } from '../job/cancellation.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { JobContext } from '../job/job-context.js';
import { traceIdOf } from '../job/job-meta.js';
import { jobLogger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Clock } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import type { FetchedJob } from '../transport/fetched-job.js';
import { attemptsAllowed } from './attempts-allowed.js';
import { callDependency } from './dependency-call.js';

export interface ContextParts {
  readonly job: FetchedJob;
  readonly definition: AnyJobDefinition;
  readonly cancellation: Cancellation;
  readonly deadline: EpochMs;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly reportProgress: (jobId: string, progress: number | object) => Promise<void>;
}

/** Largest progress value, as JSON: it is copied into the event stream with every report. */
const maxProgressBytes = 4_096;

/** Builds what a handler gets beside its payload. */
export function createContext(parts: ContextParts): JobContext {
  const { job, definition, cancellation, deadline, metrics, clock } = parts;
  const attempt = job.attemptsMade + 1;
  let log: Logger | undefined;
  return {
    jobId: job.id,
    kind: definition.kind,
    queue: definition.queue.name,
    key: job.meta.key,
    tenant: job.meta.tenant,
    attempt,
    maxAttempts: attemptsAllowed(job, definition),
    enqueuedAt: job.enqueuedAt,
    // Made when first asked for, like the logger: most handlers of a busy queue never look.
    get signal() {
      return cancellation.signal;
    },
    deadline,
    remainingMs: () => Math.max(0, deadline - clock.now()),
    get log() {
      const traceId = traceIdOf(job.meta.traceparent);
      log ??= jobLogger(parts.log, {
        jobId: job.id,
        queue: definition.queue.name,
        kind: definition.kind,
        attempt,
        ...(traceId !== undefined && { traceId }),
      });
      return log;
    },
    progress: async (value) => {
      const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
      if (bytes === 0 || bytes > maxProgressBytes) {
        throw new RangeError(
          `progress must be a number or a small JSON value of at most ${maxProgressBytes} bytes, got ${bytes}`,
        );
      }
      await parts.reportProgress(job.id, value);
    },
    call: (dependency, fn, options = {}) => callDependency(dependency, fn, options, cancellation.signal, metrics),
    effectKey: (name) =>
      createHash('sha256').update(`${definition.queue.name}\n${job.id}\n${name}`).digest('base64url').slice(0, 32),
  };
}
