import { type JobMeta, jobMetaOption } from '../job/job-meta.js';
import { carrierOption } from '../job/trace-carrier.js';
import type { EpochMs } from '../time/duration.js';
import type { JobWords, RunWords } from './job-words.js';

/** A job that is about to be written. */
export interface NewJob {
  readonly id: string;
  readonly kind: string;
  readonly payloadJson: string;
  readonly meta: JobMeta;
  /** What it carries of the trace that it belongs to. */
  readonly carrier?: string | undefined;
  readonly enqueuedAt: EpochMs;
  /** Start no sooner than this long after `enqueuedAt`. */
  readonly delayMs: number;
  /** BullMQ's priority: 0 is the plain queue, which goes first; then 1 before 2 before 3 … */
  readonly priority: number;
  /** Of the payload, where the id is the digest of a key. */
  readonly fingerprint?: string;
  /** Weight and tenant, where the tenants of the queue have turns: the job starts at its tenant's next then, and its priority is 1. */
  readonly share?: string;
}

/** The words of jobs that follow one another. Mostly they differ in id and payload alone: what is common is made once and kept for the next. */
export class NewJobWords {
  #last: { readonly job: NewJob; readonly common: RunWords } | undefined;

  of(job: NewJob): JobWords {
    const { id, payloadJson: dataJson, fingerprint = '' } = job;
    return {
      id,
      dataJson,
      ownOptsJson: hasOwnOpts(job) ? optsJson(job) : '',
      fingerprint,
      common: this.#commonOf(job),
    };
  }

  #commonOf(job: NewJob): RunWords {
    if (this.#last === undefined || !haveAlike(this.#last.job, job)) {
      // Kept for as long as the producer lives, and its payload may be large.
      this.#last = { job: { ...job, payloadJson: '' }, common: runWords(job) };
    }
    return this.#last.common;
  }
}

const isPlainText = /^[\w-]+$/;

/** The key is a job's own, and so is an id that is written otherwise in JSON. */
function hasOwnOpts({ id, meta }: NewJob): boolean {
  return meta.key !== undefined || !isPlainText.test(id);
}

function haveAlike(one: NewJob, other: NewJob): boolean {
  return (
    one.enqueuedAt === other.enqueuedAt &&
    one.kind === other.kind &&
    one.delayMs === other.delayMs &&
    one.priority === other.priority &&
    one.share === other.share &&
    one.carrier === other.carrier &&
    hasOwnOpts(one) === hasOwnOpts(other) &&
    (hasOwnOpts(one) || isSame(one.meta, other.meta))
  );
}

function isSame(one: JobMeta, other: JobMeta): boolean {
  if (Object.keys(one).length !== Object.keys(other).length) return false;
  for (const field in one) if (one[field as keyof JobMeta] !== other[field as keyof JobMeta]) return false;
  return true;
}

function runWords(job: NewJob): RunWords {
  const { id, kind: name, enqueuedAt: timestamp, delayMs: delay, share = '' } = job;
  const [optsHead, optsTail] = hasOwnOpts(job)
    ? ['', '']
    : [beforeId, optsJson(job).slice(beforeId.length + id.length)];
  return { name, optsHead, optsTail, timestamp, delay, priority: priorityOf(job), place: placeOf(job), share };
}

/** What `optsJson` writes first. */
const beforeId = '{"jobId":"';

/** What lies beside the payload. BullMQ keeps options it does not know as they are. */
function optsJson(job: NewJob): string {
  const { id, delayMs, meta, carrier } = job;
  const priority = priorityOf(job);
  return JSON.stringify({
    jobId: id,
    ...(delayMs > 0 && { delay: delayMs }),
    ...(priority > 0 && { priority }),
    [jobMetaOption]: meta,
    ...(carrier !== undefined && { [carrierOption]: carrier }),
  });
}

/** Without one BullMQ's scripts would put a job that waits for its tenant's turn into `wait`, in front of all turns. */
function priorityOf({ priority, share }: NewJob): number {
  return share === undefined ? priority : 1;
}

function placeOf({ delayMs, priority, share }: NewJob): RunWords['place'] {
  if (delayMs > 0) return 'delayed';
  if (share !== undefined) return 'turn';
  return priority > 0 ? 'prioritized' : 'last';
}
