import { parseCrashes } from '../job/crash.js';
import { jobMetaOption, parseJobMeta } from '../job/job-meta.js';
import { deadLetterReasons, errorClasses } from '../job/outcome.js';
import { parseTrail } from '../job/trail.js';
import type { EpochMs } from '../time/duration.js';
import { parseOr } from '../transport/parse-or.js';
import { numberOr0, parseAttempts } from '../transport/queue-inspector.js';
import { fingerprintOf } from './fingerprint.js';
import type { DeadLetter, LetterError, LetterStep, LetterSummary } from './record.js';

/** The fields of a dead-lettered job's hash, as text. */
export type LetterFields = Readonly<Record<string, string | undefined>>;

/** The fields that a summary is read from. */
export const summaryFields = ['name', 'opts', 'failedReason', 'bwd'] as const;

/** Where a letter lies. */
export interface LetterPlace {
  readonly queue: string;
  readonly deadId: string;
  readonly diedAt: EpochMs;
}

/**
 * Reads what tells a letter apart from its hash, which anybody may have written: a plain BullMQ job, or garbage. What cannot be read is
 * `unknown`. Pure, and never throws.
 */
export function parseSummary({ queue, deadId, diedAt }: LetterPlace, fields: LetterFields): LetterSummary {
  const record = objectIn(fields['bwd']);
  const { key, tenant, version } = parseJobMeta(objectIn(fields['opts'])[jobMetaOption]);
  const { id, reason, error } = record;
  return {
    deadId,
    id: wordOr(id, deadId),
    queue,
    kind: fields['name'] ?? '',
    reason: deadLetterReasons.find((known) => known === reason) ?? 'unknown',
    error: parseError(error, fields['failedReason'] ?? ''),
    ...(key !== undefined && { key }),
    ...(tenant !== undefined && { tenant }),
    ...(version !== undefined && { version }),
    diedAt,
  };
}

/** Reads a letter whole. Pure, and never throws. */
export function parseLetter(place: LetterPlace, fields: LetterFields): DeadLetter {
  const { by, traceId, traceparent, unreadableOptions } = objectIn(fields['bwd']);
  return {
    ...parseSummary(place, fields),
    by: wordOr(by, 'unknown'),
    ...(typeof traceId === 'string' && { traceId }),
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(typeof unreadableOptions === 'string' && { unreadableOptions }),
    payload: parseOr(fields['data'], fields['data']),
    enqueuedAt: numberOr0(fields['timestamp']) as EpochMs,
    attempts: parseAttempts(fields['bwh']),
    crashes: numberOr0(fields['bwc']),
    crashHistory: parseCrashes(fields['bwk']),
    steps: parseSteps(fields['bws']),
    trail: parseTrail(fields['bwt']),
  };
}

/** What BullMQ says of a failure stands in for what no record says. */
function parseError(raw: unknown, failedReason: string): LetterError {
  const { class: given, name, code, message, stack, fingerprint } = isObject(raw) ? raw : {};
  const error = {
    class: errorClasses.find((known) => known === given) ?? ('unknown' as const),
    name: wordOr(name, 'Error'),
    ...(typeof code === 'string' && { code }),
    message: typeof message === 'string' ? message : failedReason,
    ...(typeof stack === 'string' && { stack }),
  };
  return { ...error, fingerprint: wordOr(fingerprint, fingerprintOf(error.name, error.code, error.message)) };
}

function parseSteps(json: string | undefined): LetterStep[] {
  const steps = parseOr(json, []);
  if (!Array.isArray(steps)) return [];
  return steps.flatMap((step: unknown) => {
    const { name, at } = isObject(step) ? step : { name: step };
    if (typeof name !== 'string') return [];
    return [{ name, ...(Number.isFinite(at) && { at: at as EpochMs }) }];
  });
}

function objectIn(json: string | undefined): Readonly<Record<string, unknown>> {
  const value = parseOr(json, {});
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function wordOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}
