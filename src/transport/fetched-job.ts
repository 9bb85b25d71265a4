import type { JobsOptions } from 'bullmq';
import { type JobMeta, jobMetaOption, parseJobMeta } from '../job/job-meta.js';
import type { EpochMs } from '../time/duration.js';
import type { TakenJob } from './work-calls.js';

/** A job whose lease this process holds, as it lies in Redis: anybody may have written it, so nothing is taken for granted. */
export interface FetchedJob {
  readonly id: string;
  /** Proves that the lease is ours. */
  readonly token: string;
  /** BullMQ's job name; empty when there is none. */
  readonly kind: string;
  /** The payload as it was written; not necessarily JSON. */
  readonly dataJson: string;
  readonly opts: JobsOptions;
  /** The options as they were written, when they were not JSON; `opts` is empty then. */
  readonly unreadableOpts: string | undefined;
  readonly meta: JobMeta;
  readonly enqueuedAt: EpochMs;
  readonly startedAt: EpochMs;
  /** Attempts that ended in failure. */
  readonly attemptsMade: number;
  /** Starts of any kind; grows with each, so it tells one start from another. */
  readonly starts: number;
  readonly hasParent: boolean;
  /** Why BullMQ wants the job failed instead of run, if it does. */
  readonly deferredFailure: string | undefined;
  /** Set when a BullMQ job scheduler made this job. */
  readonly schedulerKey: string | undefined;
}

/** Fields of a job's hash that a worker reads, in the order in which the script answers them. It counts up the first. */
export const fetchedFields = ['ats', 'name', 'data', 'opts', 'timestamp', 'atm', 'parentKey', 'rjk', 'defa'] as const;

/** Reads a job as the script answers it: id, then the fields above. */
export function decodeTakenJob(reply: TakenJob, token: string, now: EpochMs): FetchedJob {
  const [id, starts, kind, data, optsJson, timestamp, atm, parentKey, rjk, defa] = reply as (string | null)[];
  const opts = parseOptions(optsJson ?? undefined);
  return {
    id: String(id),
    token,
    kind: kind ?? '',
    dataJson: data ?? '',
    opts: opts ?? {},
    unreadableOpts: opts === undefined ? (optsJson ?? undefined) : undefined,
    meta: parseJobMeta(opts?.[jobMetaOption]),
    enqueuedAt: wholeNumber(timestamp ?? undefined, now) as EpochMs,
    startedAt: now,
    attemptsMade: wholeNumber(atm ?? undefined, 0),
    starts: Number(starts),
    hasParent: parentKey != null,
    deferredFailure: defa ?? undefined,
    schedulerKey: rjk ?? undefined,
  };
}

type ReadableOptions = JobsOptions & Readonly<Record<string, unknown>>;

function parseOptions(json: string | undefined): ReadableOptions | undefined {
  try {
    const parsed: unknown = JSON.parse(json || '{}');
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as ReadableOptions)
      : undefined;
  } catch {
    return undefined;
  }
}

function wholeNumber(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return text !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}
