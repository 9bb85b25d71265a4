import {
  JobScheduler,
  type KeepJobs,
  type QueueBaseOptions,
  type QueueOptions,
  RedisConnection,
  RedisQueueBackend,
} from 'bullmq';
import { Packr } from 'msgpackr';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { decodeFetchedJob, type FetchedJob } from './fetched-job.js';
import { type QueueKeys, queueKeys } from './queue-keys.js';

export interface BackendOptions {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  readonly leaseMs?: number;
  /** Shown as the job's `processedBy`. */
  readonly workerName?: string;
  readonly onError: (error: Error) => void;
}

/** What asking for a job answered. */
export type Fetched =
  | { readonly kind: 'job'; readonly job: FetchedJob }
  /** Nothing to start now; `nextAt` is when the next delayed job is due, if there is one. */
  | { readonly kind: 'empty'; readonly nextAt: EpochMs | undefined }
  | { readonly kind: 'limited'; readonly forMs: number };

export type FinishReply =
  | { readonly kind: 'done'; readonly next: Fetched | undefined }
  | { readonly kind: 'lease_lost' | 'job_gone' };

/** Why a parent cannot complete: children of it have not ended, or one failed that takes its parent along. */
export type ChildrenReply = { readonly kind: 'children_pending' } | { readonly kind: 'children_failed' };

/** BullMQ unpacks what its scripts are given with cmsgpack, which knows no records and no `undefined`. */
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });

/**
 * BullMQ's own backend, as far as Bulwark uses it: BullMQ's scripts for adding, fetching and ending jobs. Fetched jobs are
 * decoded by us, because BullMQ's decoder throws on a job whose options are not JSON, after it was moved to `active`.
 */
export class BullmqBackend extends RedisQueueBackend {
  readonly #options: BackendOptions;
  readonly #keys: QueueKeys;
  #scheduler: JobScheduler | undefined;

  constructor(options: BackendOptions) {
    const { client, keyspace, queue, leaseMs, workerName } = options;
    const keys = queueKeys(keyspace, queue);
    super(
      new RedisConnection(client, { shared: true, blocking: false }),
      queue,
      { ...keys },
      (part) => keyspace.queue(queue, part),
      backendOptions(client, keyspace.prefix(queue), workerName, leaseMs),
    );
    this.#options = options;
    this.#keys = keys;
    this.on('error', options.onError);
  }

  /** Wakes one who waits for work, to tell of a delayed job that is due then. */
  async wakeFor(dueAt: EpochMs): Promise<void> {
    await this.#options.client.zadd(this.#keys.marker, dueAt, '1');
  }

  /** Asks for the next job and takes its lease under `token`. */
  async fetch(token: string): Promise<Fetched> {
    const keys = this.#keys;
    const raw: unknown = await this.execCommand(await this.client, 'moveToActive', [
      keys.wait,
      keys.active,
      keys.prioritized,
      keys.events,
      keys.stalled,
      keys.limiter,
      keys.delayed,
      keys.paused,
      keys.meta,
      keys.pc,
      keys.marker,
      keys[''],
      Date.now(),
      packr.pack({ token, lockDuration: this.#options.leaseMs, name: this.#options.workerName }),
    ]);
    return decodeFetched(raw, token);
  }

  /** Completes a job and, when asked to, takes the next one under the same token in the same step. */
  async complete(
    job: FetchedJob,
    resultJson: string,
    keep: KeepJobs,
    fetchNext: boolean,
  ): Promise<FinishReply | ChildrenReply> {
    const raw = await this.#finish(job, 'completed', resultJson, job.opts.removeOnComplete ?? keep, fetchNext);
    if (raw === -4) return { kind: 'children_pending' };
    if (raw === -9) return { kind: 'children_failed' };
    return decodeFinished(raw, job.token);
  }

  /** Fails a job inside its own queue: for jobs with a parent, so that BullMQ applies the parent's policy. */
  async fail(job: FetchedJob, message: string, stackJson: string, fetchNext: boolean): Promise<FinishReply> {
    const raw = await this.#finish(job, 'failed', message, job.opts.removeOnFail, fetchNext, { stacktrace: stackJson });
    return decodeFinished(raw, job.token);
  }

  /** Sets a parent aside until its children have ended; `none_pending` when they have by now. */
  async awaitChildren(
    job: FetchedJob,
  ): Promise<'done' | 'none_pending' | 'children_failed' | 'lease_lost' | 'job_gone'> {
    const args = this.moveToWaitingChildrenArgs(job.id, job.token, {});
    const raw: unknown = await this.execCommand(await this.client, 'moveToWaitingChildren', args);
    if (raw === 1) return 'none_pending';
    if (raw === -9) return 'children_failed';
    return decodeFinished(raw, job.token).kind;
  }

  async #finish(
    job: FetchedJob,
    target: 'completed' | 'failed',
    value: string,
    keep: KeepJobs | boolean | number | undefined,
    fetchNext: boolean,
    fields?: Record<string, string>,
  ): Promise<unknown> {
    const args = this.moveToFinishedArgs(
      { id: job.id, opts: job.opts } as Parameters<RedisQueueBackend['moveToCompletedArgs']>[0],
      value,
      target === 'completed' ? 'returnvalue' : 'failedReason',
      keep,
      target,
      job.token,
      Date.now(),
      fetchNext,
      fields,
    );
    return this.execCommand(await this.client, 'moveToFinished', args);
  }

  /** Plans the next run of a job that a BullMQ job scheduler made, as BullMQ's own worker does when it takes one up. */
  async continueSchedule(job: FetchedJob): Promise<void> {
    const { repeat } = job.opts as { readonly repeat?: Parameters<JobScheduler['upsertJobScheduler']>[1] };
    if (job.schedulerKey === undefined || repeat === undefined) return;
    const { client, keyspace, queue } = this.#options;
    this.#scheduler ??= new JobScheduler(queue, { connection: client, prefix: keyspace.prefix(queue) }, () => this);
    await this.#scheduler.upsertJobScheduler(job.schedulerKey, repeat, job.kind, JSON.parse(job.dataJson), job.opts, {
      override: false,
      producerId: job.id,
    });
  }
}

/** BullMQ's scripts read the worker's name and lease from the same options as the connection. */
function backendOptions(
  connection: RedisClient,
  prefix: string,
  name: string | undefined,
  lockDuration: number | undefined,
): QueueBaseOptions {
  const options: QueueOptions & { name?: string | undefined; lockDuration?: number | undefined } = {
    connection,
    prefix,
    name,
    lockDuration,
  };
  return options;
}

/** 0 or the next job, or one of BullMQ's codes. */
function decodeFinished(raw: unknown, token: string): FinishReply {
  if (Array.isArray(raw)) return { kind: 'done', next: decodeFetched(raw, token) };
  switch (raw) {
    case 0:
      return { kind: 'done', next: undefined };
    case -1:
      return { kind: 'job_gone' };
    case -2:
    case -3:
    case -6:
      return { kind: 'lease_lost' };
    default:
      throw new TypeError(`BullMQ answered the unknown code ${String(raw)}`);
  }
}

/** `{ job's hash or 0, id, ms to wait for the rate limit, due time of the next delayed job }`, or nothing at all. */
function decodeFetched(raw: unknown, token: string): Fetched {
  if (!Array.isArray(raw)) return { kind: 'empty', nextAt: undefined };
  const [fields, id, limitedForMs, nextAt] = raw as [string[] | 0, string, number, number | string];
  if (fields) return { kind: 'job', job: decodeFetchedJob(fields, String(id), token, Date.now() as EpochMs) };
  if (limitedForMs > 0) return { kind: 'limited', forMs: limitedForMs };
  return { kind: 'empty', nextAt: Number(nextAt) > 0 ? (Math.ceil(Number(nextAt)) as EpochMs) : undefined };
}
