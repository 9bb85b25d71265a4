import type { JobsOptions } from 'bullmq';
import { type Claim, parseClaim } from '../idempotency/claim.js';
import { type JobMeta, jobMetaOption, parseJobMeta } from '../job/job-meta.js';
import { carrierOption, parseCarrier } from '../job/trace-carrier.js';
import type { EpochMs } from '../time/duration.js';
import type { TakenJob } from './work-calls.js';

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
  /** What it carries of the trace that it belongs to. */
  readonly carrier: string | undefined;
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
  /** The key it has claimed: with the fetch when its producer named it, else by whoever runs it. */
  claim: Claim | undefined;
}

/** A name this long is nobody's kind, and should fill no log. */
const keptKindCharacters = 200;

/** What HINCRBY can add to: no empty text, no zero in front, and not more digits than it can count. */
const redisInteger = /^(0|[1-9]\d{0,14})$/;

/** Reads a job as fetch-and-finish answers it: the fields that its header lists, then the id. */
export function decodeTakenJob(reply: TakenJob, token: string, now: EpochMs): FetchedJob {
  const words = reply as (string | null)[];
  const id = words.at(-1);
  const [starts, kind, data, optsJson, timestamp, atm, parentKey, parent, rjk, defa, claim] = words;
  const opts = parseOptions(optsJson);
  const parentBroken = isParentBroken(parentKey, parent);
  return {
    id: String(id),
    token,
    kind: (kind ?? '').slice(0, keptKindCharacters),
    dataJson: data ?? '',
    opts: opts ?? {},
    unreadableOpts: opts === undefined ? (optsJson ?? undefined) : undefined,
    meta: parseJobMeta(opts?.[jobMetaOption]),
    carrier: parseCarrier(opts?.[carrierOption]),
    enqueuedAt: wholeNumber(timestamp, now) as EpochMs,
    startedAt: now,
    attemptsMade: wholeNumber(atm, 0),
    starts: wholeNumber(String(starts), 0),
    hasParent: Boolean(parentKey) && !parentBroken,
    deferredFailure: defa ?? undefined,
    schedulerKey: rjk ?? undefined,
    brokenFields: brokenFields(atm, parentBroken),
    claim: claim == null ? undefined : parseClaim(claim, { id: String(id), starts: wholeNumber(String(starts), 0) }),
  };
}

/** A child names its parent by key, and by an object with queue and id beside it; older BullMQ wrote the key alone. */
function isParentBroken(parentKey: string | null | undefined, parent: string | null | undefined): boolean {
  if (parentKey == null && parent == null) return false;
  if (!parentKey?.includes(':')) return true;
  if (parent == null) return false;
  try {
    const { id, queueKey } = JSON.parse(parent) as { readonly id?: unknown; readonly queueKey?: unknown };
    return typeof id !== 'string' || typeof queueKey !== 'string';
  } catch {
    return true;
  }
}

type ReadableOptions = JobsOptions & Readonly<Record<string, unknown>>;

const none: readonly string[] = [];

function brokenFields(atm: string | null | undefined, parentBroken: boolean): readonly string[] {
  const countable = atm == null || redisInteger.test(atm);
  if (countable && !parentBroken) return none;
  return [...(countable ? [] : ['atm']), ...(parentBroken ? ['parent', 'parentKey'] : [])];
}

function parseOptions(json: string | null | undefined): ReadableOptions | undefined {
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
function withoutNonsense(options: ReadableOptions): ReadableOptions {
  const { delay, attempts } = options;
  const delayFits = delay === undefined || (Number.isFinite(delay) && Number(delay) >= 0);
  const attemptsFit = attempts === undefined || (Number.isSafeInteger(attempts) && Number(attempts) > 0);
  if (delayFits && attemptsFit) return options;
  const { delay: _delay, attempts: _attempts, ...others } = options;
  return { ...others, ...(delayFits && { delay }), ...(attemptsFit && { attempts }) } as ReadableOptions;
}

function wholeNumber(text: string | null | undefined, otherwise: number): number {
  const value = Number(text?.trim() || Number.NaN);
  return Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}
