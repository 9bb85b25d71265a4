import type { JobsOptions } from 'bullmq';
import { type JobMeta, jobMetaOption, parseJobMeta } from '../job/job-meta.js';
import type { EpochMs } from '../time/duration.js';

/** A job whose lease this process holds, as it lies in Redis: anybody may have written it, so nothing is taken for granted. */
export interface FetchedJob {
  readonly id: string;
  /** Proves that the lease is ours. */
  readonly token: string;
  /** BullMQ's job name, cut when it is longer than any kind's; empty when there is none. */
  readonly kind: string;
  /** The payload as it was written; not necessarily JSON. */
  readonly dataJson: string;
  /** BullMQ's options; a delay or a number of attempts that makes no sense is left out. */
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
  /** Fields that nobody can make sense of and on which BullMQ's scripts would break off half-way: to be removed before the end. */
  readonly brokenFields: readonly string[];
}

/** A name this long is nobody's kind, and should fill no log. */
const keptKindCharacters = 200;

/** What HINCRBY can add to: no empty text, no zero in front, and not more digits than it can count. */
const redisInteger = /^(0|[1-9]\d{0,14})$/;

/** Reads a job's hash as the fetch script answers it: field, value, field, value … */
export function decodeFetchedJob(fields: readonly string[], id: string, token: string, now: EpochMs): FetchedJob {
  const hash = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) hash.set(fields[i] ?? '', fields[i + 1] ?? '');
  const opts = parseOptions(hash.get('opts'));
  const parentBroken = isParentBroken(hash.get('parentKey'), hash.get('parent'));
  return {
    id,
    token,
    kind: (hash.get('name') ?? '').slice(0, keptKindCharacters),
    dataJson: hash.get('data') ?? '',
    opts: opts ?? {},
    unreadableOpts: opts === undefined ? hash.get('opts') : undefined,
    meta: parseJobMeta(opts?.[jobMetaOption]),
    enqueuedAt: wholeNumber(hash.get('timestamp'), now) as EpochMs,
    startedAt: wholeNumber(hash.get('processedOn'), now) as EpochMs,
    attemptsMade: wholeNumber(hash.get('atm'), 0),
    starts: wholeNumber(hash.get('ats'), 0),
    hasParent: hash.has('parentKey') && !parentBroken,
    deferredFailure: hash.get('defa'),
    schedulerKey: hash.get('rjk'),
    brokenFields: [
      ...(redisInteger.test(hash.get('atm') ?? '0') ? [] : ['atm']),
      ...(parentBroken ? ['parent', 'parentKey'] : []),
    ],
  };
}

/** A child names its parent by key, and by an object with queue and id beside it; older BullMQ wrote the key alone. */
function isParentBroken(parentKey: string | undefined, parent: string | undefined): boolean {
  if (parentKey === undefined && parent === undefined) return false;
  if (!parentKey?.includes(':')) return true;
  if (parent === undefined) return false;
  try {
    const { id, queueKey } = JSON.parse(parent) as { readonly id?: unknown; readonly queueKey?: unknown };
    return typeof id !== 'string' || typeof queueKey !== 'string';
  } catch {
    return true;
  }
}

type ReadableOptions = JobsOptions & Readonly<Record<string, unknown>>;

function parseOptions(json: string | undefined): ReadableOptions | undefined {
  try {
    const parsed: unknown = JSON.parse(json || '{}');
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? withoutNonsense(parsed as ReadableOptions)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Zero attempts is how BullMQ writes that nothing was said about them. */
function withoutNonsense({ delay, attempts, ...others }: ReadableOptions): ReadableOptions {
  return {
    ...others,
    ...(Number.isFinite(delay) && Number(delay) >= 0 && { delay }),
    ...(Number.isSafeInteger(attempts) && Number(attempts) > 0 && { attempts }),
  } as ReadableOptions;
}

function wholeNumber(text: string | undefined, otherwise: number): number {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}
