import { type JobJson, type RedisQueueBackend, raw2NextJobData, type WorkerOptions } from 'bullmq';
import { Packr } from 'msgpackr';
import type { ScriptArgument } from '../redis/define-script.js';
import type { EpochMs } from '../time/duration.js';
import { ConnectedCalls } from './connected-calls.js';
import { keepPolicy, keepWord } from './keep-policy.js';
import { type JobEnd, WorkCalls, type WorkReply } from './work-calls.js';
import { workLayout } from './work-layout.js';

type MoveToActive = RedisQueueBackend['moveToActive'];
type MoveToCompleted = RedisQueueBackend['moveToCompleted'];
type MoveToFailed = RedisQueueBackend['moveToFailed'];
type MoveToDelayed = RedisQueueBackend['moveToDelayed'];

/** What BullMQ's worker expects of a fetch: the job and its id; or how long the rate limit holds, or when the next job is due. */
type Fetched = [job: JobJson | null, id: string | 0, limitedForMs: number, nextAt: number];

/** How a job ended: what was fetched in its place, and when. */
interface Ended {
  readonly next: Fetched | [];
  readonly at: EpochMs;
}

/** The options of a backend: a worker's, a queue's, or any other's. */
export type BackendOptions = Partial<WorkerOptions>;

/** BullMQ's default for a worker, used for a queue whose jobs are moved by hand. */
const defaultLeaseMs = 30_000;
/** The code with which the script sends a job to BullMQ's own. */
const notPlain = -100;
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });

/**
 * The side of BullMQ's backend that a worker uses, batched: taking jobs, completing, failing and delaying them. Jobs with a parent
 * or a deduplication id are ended by BullMQ's own methods.
 */
export class BatchedWork {
  readonly #backend: RedisQueueBackend;
  readonly #options: BackendOptions;
  readonly #own: { readonly moveToCompleted: MoveToCompleted; readonly moveToFailed: MoveToFailed };
  readonly #calls: ConnectedCalls<WorkCalls<Fetched>>;

  constructor(backend: RedisQueueBackend, name: string, options: BackendOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#own = {
      moveToCompleted: backend.moveToCompleted.bind(backend),
      moveToFailed: backend.moveToFailed.bind(backend),
    };
    this.#calls = new ConnectedCalls(
      backend,
      (client) =>
        new WorkCalls({
          client,
          layout: workLayout(options.prefix ?? 'bull', name),
          worker: options.name ?? '',
          leaseMs: options.lockDuration ?? defaultLeaseMs,
          keepAttempts: 0,
          keepKeysMs: 0,
          decode: (job) => raw2NextJobData([job.slice(0, -1), job.at(-1), 0, 0]) as Fetched,
          now: Date.now,
          limiter: options.limiter,
          metricsSize: options.metrics?.maxDataPoints || undefined,
        }),
    );
  }

  readonly moveToActive: MoveToActive = async (token) => fetched(await this.#calls.use((calls) => calls.take([token])));

  readonly moveToCompleted: MoveToCompleted = async (job, returnValue, removeOnComplete, token, fetchNext) => {
    const own = () => this.#own.moveToCompleted(job, returnValue, removeOnComplete, token, fetchNext);
    if (concernsOthers(job)) return own();
    const result = JSON.stringify(returnValue) ?? 'null';
    const keep = keepWord(keepPolicy(removeOnComplete, this.#options.removeOnComplete));
    const end: JobEnd = { kind: 'c', id: job.id ?? '', token, words: [result, keep, ''] };
    const ended = await this.#end(end, fetchNext, 'moveToFinished');
    return ended ? { result: ended.next, finishedOn: ended.at } : own();
  };

  readonly moveToFailed: MoveToFailed = async (job, failedReason, removeOnFail, token, fetchNext, fieldsToUpdate) => {
    const own = () => this.#own.moveToFailed(job, failedReason, removeOnFail, token, fetchNext, fieldsToUpdate);
    if (concernsOthers(job)) return own();
    const keep = keepWord(keepPolicy(removeOnFail, this.#options.removeOnFail));
    const words = [failedReason ?? 'null', keep, job.opts.attempts ?? 0, packFields(fieldsToUpdate)];
    const ended = await this.#end({ kind: 'f', id: job.id ?? '', token, words }, fetchNext, 'moveToFinished');
    return ended ? { result: ended.next, finishedOn: ended.at } : own();
  };

  readonly moveToDelayed: MoveToDelayed = async (id, timestamp, delay, token = '0', opts = {}) => {
    const words = [delay, timestamp, opts.skipAttempt ? 0 : 1, packFields(opts.fieldsToUpdate), ''];
    const ended = await this.#end({ kind: 'y', id, token, words }, opts.fetchNext, 'moveToDelayed');
    return ended?.next[0] ? ended.next : [];
  };

  /** Resolves when everything that was said and asked has been answered. */
  whenIdle(): Promise<void> {
    return this.#calls.whenIdle();
  }

  /** Ends a job; undefined when that is for BullMQ's own script to do. */
  async #end(end: JobEnd, fetchNext: boolean | undefined, command: string): Promise<Ended | undefined> {
    const nextToken = fetchNext && !this.#backend.closing ? end.token : undefined;
    const reply = await this.#calls.use((calls) => calls.end(end, nextToken));
    const { code, at } = reply;
    if (code === notPlain) return undefined;
    if (code < 0) throw this.#backend.finishedErrors({ code, jobId: end.id, command, state: 'active' });
    const next: Fetched | [] = nextToken === undefined ? [] : fetched(reply);
    // BullMQ says nothing where there is nothing to say.
    return { next: next.some(Boolean) ? next : [], at };
  }
}

/** Whether the end of a job is news for others: its parent, or the duplicate that waits for it. */
function concernsOthers({ parentKey, deduplicationId }: Parameters<MoveToCompleted>[0] & DeduplicatedJob): boolean {
  return Boolean(parentKey || deduplicationId);
}

interface DeduplicatedJob {
  readonly deduplicationId?: string;
}

function fetched({ jobs, limitedForMs, closed, nextAt }: WorkReply<Fetched>): Fetched {
  return jobs[0] ?? [null, 0, limitedForMs, closed ? 0 : (nextAt ?? 0)];
}

/** Fields of a job's hash as the script unpacks them: name, value, name, value …; empty for none. */
function packFields(fields: Readonly<Record<string, unknown>> | undefined): ScriptArgument {
  const words = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined);
  return words.length === 0 ? '' : packr.pack(words.flat());
}
