import { JobExpiredError } from '../job/abort-reasons.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import type { DeadLetterReason, Outcome } from '../job/outcome.js';
import { PayloadInvalidError, PayloadTooLargeError, validatePayload } from '../job/payload.js';
import { type KindRegistry, UnknownKindError } from '../job/registry.js';
import { decideUpcast } from '../job/upcast.js';
import { type ReportLimits, reportError } from '../retry/error-report.js';
import { PermanentError } from '../retry/errors.js';
import type { EpochMs } from '../time/duration.js';
import { formatDuration } from '../time/duration.js';
import type { FetchedJob } from '../transport/fetched-job.js';

export type PreparedJob =
  | { readonly kind: 'ready'; readonly definition: AnyJobDefinition; readonly payload: unknown }
  | { readonly kind: 'refused'; readonly outcome: Outcome };

export interface PreparationLimits extends ReportLimits {
  readonly maxPayloadBytes: number;
  readonly newerVersionDelayMs: number;
}

/**
 * Decides whether a fetched job can run, and with which payload: kind, deadline, size, JSON, version, schema, in this order,
 * the cheap questions first. Whoever wrote the job may have written anything; what cannot run is dead-lettered with the
 * reason, and a payload from the future waits for a worker that knows it. A promise only when the schema takes its time.
 */
export function prepareJob(
  job: FetchedJob,
  registry: KindRegistry,
  limits: PreparationLimits,
  now: EpochMs,
): PreparedJob | Promise<PreparedJob> {
  const refuse = (reason: DeadLetterReason, error: Error): PreparedJob => ({
    kind: 'refused',
    outcome: {
      kind: 'dead_lettered',
      reason,
      error: reportError(error, reason === 'expired' ? 'expired' : 'permanent', limits),
      attempted: false,
    },
  });

  const definition = registry.get(job.kind);
  if (!definition) return refuse('kind_unknown', new UnknownKindError(job.kind, registry.kinds));

  if (job.deferredFailure !== undefined) return refuse('failed_by_queue', new PermanentError(job.deferredFailure));

  const expired = decideExpiry(job, definition, now);
  if (expired !== undefined) return refuse('expired', new JobExpiredError(expired));

  const bytes = Buffer.byteLength(job.dataJson);
  if (bytes > limits.maxPayloadBytes) {
    return refuse('payload_too_large', new PayloadTooLargeError(job.kind, bytes, limits.maxPayloadBytes));
  }

  const written = parseJson(job.dataJson);
  if (written.kind === 'not_json') return refuse('payload_not_json', new PermanentError(written.message));

  const upcast = decideUpcast(written.value, job.meta.version, definition.version, definition.upcast);
  switch (upcast.kind) {
    case 'newer':
      return {
        kind: 'refused',
        outcome: { kind: 'parked', delayMs: limits.newerVersionDelayMs, reason: 'newer_version' },
      };
    case 'failed':
      return refuse('upcast_failed', new PermanentError(upcast.message, { cause: upcast.cause }));
    case 'ready':
  }

  const ready = (payload: unknown): PreparedJob => ({ kind: 'ready', definition, payload });
  const refuseInvalid = (error: unknown): PreparedJob =>
    refuse(
      'payload_invalid',
      error instanceof PayloadInvalidError ? error : new PermanentError('the schema itself threw', { cause: error }),
    );
  try {
    const checked: unknown = validatePayload(job.kind, definition.payload, upcast.payload);
    return checked instanceof Promise ? checked.then(ready, refuseInvalid) : ready(checked);
  } catch (error) {
    return refuseInvalid(error);
  }
}

/** Says why a job is too late to run, or undefined when it is not. Pure. */
export function decideExpiry(
  job: Pick<FetchedJob, 'meta' | 'enqueuedAt' | 'opts'>,
  definition: Pick<AnyJobDefinition, 'maxQueueAgeMs'>,
  now: EpochMs,
): string | undefined {
  if (job.meta.deadline !== undefined && now >= job.meta.deadline) {
    return `the job's deadline ${new Date(job.meta.deadline).toISOString()} has passed`;
  }
  const dueAt = firstDue(job);
  if (definition.maxQueueAgeMs !== undefined && now - dueAt > definition.maxQueueAgeMs) {
    return `the job is ${formatDuration(now - dueAt)} old, its kind allows ${formatDuration(definition.maxQueueAgeMs)}`;
  }
  return undefined;
}

/** From when on a job is too late to start; undefined when it never is. Pure. */
export function latestStart(
  job: Pick<FetchedJob, 'meta' | 'enqueuedAt' | 'opts'>,
  { maxQueueAgeMs }: Pick<AnyJobDefinition, 'maxQueueAgeMs'>,
): EpochMs | undefined {
  if (maxQueueAgeMs === undefined) return job.meta.deadline;
  return Math.min(job.meta.deadline ?? Number.POSITIVE_INFINITY, firstDue(job) + maxQueueAgeMs) as EpochMs;
}

/** After how many ms a job is too late to start; infinitely many when it never is. Whoever comes back then is given up. Pure. */
export function startableForMs(
  job: Parameters<typeof latestStart>[0],
  definition: Parameters<typeof latestStart>[1],
  now: EpochMs,
): number {
  const latest = latestStart(job, definition);
  return latest === undefined ? Number.POSITIVE_INFINITY : Math.max(0, latest - now) + 1;
}

/** When a job could run for the first time. */
function firstDue({ enqueuedAt, opts }: Pick<FetchedJob, 'enqueuedAt' | 'opts'>): number {
  return enqueuedAt + (opts.delay ?? 0);
}

type ParsedJson =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'not_json'; readonly message: string };

function parseJson(text: string): ParsedJson {
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch (error) {
    return { kind: 'not_json', message: `the payload is not JSON: ${(error as Error).message}` };
  }
}
