import {
  JobScheduler,
  type KeepJobs,
  type QueueBaseOptions,
  type QueueOptions,
  RedisConnection,
  RedisQueueBackend,
} from 'bullmq';
import type { Outcome } from '../job/outcome.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { FetchedJob } from './fetched-job.js';
import { queueKeys } from './queue-keys.js';
import { type TransitionReply, transitionReply } from './transition-scripts.js';

export interface BackendOptions {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  readonly leaseMs?: number;
  /** Shown as the job's `processedBy`. */
  readonly workerName?: string;
  readonly onError: (error: Error) => void;
}

/** Why a parent cannot complete: children of it have not ended, or one failed that takes its parent along. */
export type ChildrenReply = 'children_pending' | 'children_failed';

type Completed = Extract<Outcome, { kind: 'completed' }>;

/** BullMQ's own backend, as far as Bulwark uses it: BullMQ's scripts for flows, for deduplication and for operators. */
export class BullmqBackend extends RedisQueueBackend {
  readonly #options: BackendOptions;
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
    this.on('error', options.onError);
  }

  /** Completes a job by BullMQ's own script, which knows parents, children and deduplication. */
  async complete(
    job: FetchedJob,
    { resultJson, fallbackFor }: Completed,
    keep: KeepJobs,
  ): Promise<TransitionReply | ChildrenReply> {
    const fields = fallbackFor === undefined ? undefined : { bwf: fallbackFor };
    const raw = await this.#finish(job, 'completed', resultJson, job.opts.removeOnComplete ?? keep, fields);
    if (raw === -4) return 'children_pending';
    if (raw === -9) return 'children_failed';
    return transitionReply(raw);
  }

  /** Fails a job inside its own queue: for jobs with a parent, so that BullMQ applies the parent's policy. */
  async fail(job: FetchedJob, message: string, stackJson: string): Promise<TransitionReply> {
    return transitionReply(
      await this.#finish(job, 'failed', message, job.opts.removeOnFail, { stacktrace: stackJson }),
    );
  }

  /** Sets a parent aside until its children have ended; `none_pending` when they have by now. */
  async awaitChildren(job: FetchedJob): Promise<TransitionReply | 'none_pending' | 'children_failed'> {
    const args = this.moveToWaitingChildrenArgs(job.id, job.token, {});
    const raw: unknown = await this.execCommand(await this.client, 'moveToWaitingChildren', args);
    if (raw === 1) return 'none_pending';
    if (raw === -9) return 'children_failed';
    return transitionReply(raw);
  }

  async #finish(
    job: FetchedJob,
    target: 'completed' | 'failed',
    value: string,
    keep: KeepJobs | boolean | number | undefined,
    fields?: Record<string, string>,
  ): Promise<unknown> {
    const args = this.moveToFinishedArgs(
      { id: job.id, opts: { ...job.opts, attempts: job.opts.attempts ?? 1 } } as FinishedJob,
      value,
      target === 'completed' ? 'returnvalue' : 'failedReason',
      keep ?? undefined,
      target,
      job.token,
      Date.now(),
      false,
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

/** What BullMQ's script reads of a job that it ends. */
type FinishedJob = Parameters<RedisQueueBackend['moveToCompletedArgs']>[0];
