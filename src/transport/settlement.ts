import type { KeepJobs } from 'bullmq';
import type { Logger } from 'pino';
import { fingerprintOf } from '../dead-letter/fingerprint.js';
import type { DeadLetterRecord } from '../dead-letter/record.js';
import { assertNever } from '../errors/assert-never.js';
import { errorMessage } from '../errors/error-message.js';
import { traceIdOf } from '../job/job-meta.js';
import type { AttemptRecord, ErrorReport, Outcome } from '../job/outcome.js';
import type { RedisClient } from '../redis/connection.js';
import { deadLetterQueue, type Keyspace } from '../redis/keyspace.js';
import { pause } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import type { BullmqBackend, Fetched } from './bullmq-backend.js';
import type { FetchedJob } from './fetched-job.js';
import { type QueueKeys, queueKeys } from './queue-keys.js';
import {
  deadLetterScript,
  leaseRenewScript,
  parkScript,
  releaseScript,
  retryScript,
  type TransitionReply,
} from './scripts.js';

/**
 * What became of an outcome: written, with the next job when one was asked for and there; or refused. `instead` is what was
 * written when the children of a parent did not let it complete.
 */
export type Settled =
  | { readonly kind: 'done'; readonly next: Fetched | undefined; readonly instead?: Outcome }
  | { readonly kind: 'lease_lost' | 'job_gone' | 'unsettled' };

export interface SettlementOptions {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  readonly worker: string;
  readonly leaseMs: number;
  readonly keepCompleted: KeepJobs;
  readonly keepAttempts: number;
  readonly backend: BullmqBackend;
  readonly log: Logger;
}

/** Pauses between tries while Redis refuses (out of memory, loading, failing over). */
const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** What Redis says when it cannot do now what it could do later. */
const passingRefusal = /^(OOM|LOADING|BUSY|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN)\b/;
/** Unreadable options are kept for whoever looks into it, up to here. */
const keptOptionsCharacters = 4_000;

/** A parent that ended before its children did runs again after the last of them. */
const childrenPending: Outcome = { kind: 'parked', reason: 'children_pending', delayMs: 0 };
/** A parent cannot complete any more when a child failed that takes its parent along. */
const childFailed: Outcome = {
  kind: 'dead_lettered',
  reason: 'failed_by_queue',
  error: {
    class: 'permanent',
    name: 'ChildFailedError',
    message: 'a child of the job failed while the job ran',
    fingerprint: fingerprintOf('ChildFailedError', undefined, ''),
  },
  attempted: true,
};

/**
 * Turns the outcome of an attempt into one atomic step in Redis, guarded by the lease.
 *
 * It does not give up while Redis is away or refuses: the work is done, and forgetting that would do it again. It ends when
 * Redis says that the lease belongs to somebody else, or when the consumer stops.
 */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #keys: QueueKeys;

  constructor(options: SettlementOptions) {
    this.#options = options;
    this.#keys = queueKeys(options.keyspace, options.queue);
  }

  async settle(job: FetchedJob, outcome: Outcome, fetchNext: boolean, stopped: AbortSignal): Promise<Settled> {
    let leaseRenewed = false;
    for (let tries = 1; !stopped.aborted; tries++) {
      try {
        const settled = await this.#write(job, outcome, fetchNext);
        if (settled.kind !== 'lease_lost' || leaseRenewed) return settled;
        // The lease may have run out while Redis was away; if nobody took the job since, it is ours again.
        leaseRenewed = true;
        if (!(await this.#renew(job))) return settled;
      } catch (error) {
        if (tries === 1) {
          this.#options.log.warn(
            { jobId: job.id, outcome: outcome.kind, err: error },
            `settle.failed: ${errorMessage(error)}`,
          );
        }
        await pause(Math.min(firstPauseMs * 2 ** tries, longestPauseMs), stopped);
      }
    }
    return { kind: 'unsettled' };
  }

  /** Removes what somebody else wrote into the job and on which its end would break off half-way, with the job in no list at all. */
  async mend(job: FetchedJob): Promise<void> {
    this.#options.log.warn({ jobId: job.id, fields: job.brokenFields }, 'job.mended');
    await this.#options.client.hdel(this.#jobKey(job), ...job.brokenFields);
  }

  /**
   * Plans the next run of a scheduled job, and does not give up while Redis refuses for a reason that passes: nobody else would
   * plan it. Any other failure is logged, because the job at hand is worth more than the next.
   */
  async continueSchedule(job: FetchedJob, stopped: AbortSignal): Promise<void> {
    for (let tries = 1; !stopped.aborted; tries++) {
      try {
        return await this.#options.backend.continueSchedule(job);
      } catch (error) {
        const passes = passingRefusal.test(errorMessage(error));
        if (tries === 1 || !passes) {
          this.#options.log.error({ jobId: job.id, scheduler: job.schedulerKey, err: error }, 'schedule.failed');
        }
        if (!passes) return;
        await pause(Math.min(firstPauseMs * 2 ** tries, longestPauseMs), stopped);
      }
    }
  }

  async #write(job: FetchedJob, outcome: Outcome, fetchNext: boolean): Promise<Settled> {
    switch (outcome.kind) {
      case 'completed':
        return this.#complete(job, outcome.resultJson, fetchNext);
      case 'retried':
        return settledBy(await this.#retry(job, outcome.delayMs, outcome.error));
      case 'parked':
        return settledBy(await this.#park(job, outcome.delayMs, outcome.reason));
      case 'dead_lettered':
        return job.hasParent || keepsLastDuplicate(job)
          ? this.#options.backend.fail(job, outcome.error.message, stackJson(outcome.error), fetchNext)
          : settledBy(await this.#deadLetter(job, outcome));
      case 'interrupted':
        return settledBy(await this.#release(job));
      case 'lease_lost':
        return { kind: 'lease_lost' };
      default:
        return assertNever(outcome);
    }
  }

  async #complete(job: FetchedJob, resultJson: string, fetchNext: boolean): Promise<Settled> {
    const { backend, keepCompleted } = this.#options;
    const reply = await backend.complete(job, resultJson, keepCompleted, fetchNext);
    if (reply.kind !== 'children_pending' && reply.kind !== 'children_failed') return reply;
    const kind = reply.kind === 'children_pending' ? await backend.awaitChildren(job) : reply.kind;
    switch (kind) {
      case 'done':
        return { kind, next: undefined, instead: childrenPending };
      case 'none_pending':
        return this.#complete(job, resultJson, fetchNext);
      case 'children_failed': {
        const settled = await this.#write(job, childFailed, fetchNext);
        return settled.kind === 'done' ? { ...settled, instead: childFailed } : settled;
      }
      default:
        return { kind };
    }
  }

  async #renew(job: FetchedJob): Promise<boolean> {
    const { active, stalled } = this.#keys;
    const lost = await leaseRenewScript.run(
      this.#options.client,
      { active, stalled },
      {
        base: this.#keys[''],
        lease: this.#options.leaseMs,
        jobs: JSON.stringify([{ id: job.id, token: job.token, starts: job.starts }]),
      },
    );
    return lost.length === 0;
  }

  #retry(job: FetchedJob, delayMs: number, error: ErrorReport): Promise<TransitionReply> {
    const { active, stalled, delayed, marker, events, meta } = this.#keys;
    return retryScript.run(
      this.#options.client,
      { job: this.#jobKey(job), active, stalled, delayed, marker, events, meta },
      {
        id: job.id,
        token: job.token,
        delay: delayMs,
        attempt: JSON.stringify(this.#attemptRecord(job, error)),
        keep: this.#options.keepAttempts,
        message: error.message,
        stack: stackJson(error),
      },
    );
  }

  #park(
    job: FetchedJob,
    delayMs: number,
    reason: Extract<Outcome, { kind: 'parked' }>['reason'],
  ): Promise<TransitionReply> {
    const { active, stalled, delayed, marker, events, meta } = this.#keys;
    const parked = this.#options.keyspace.parked(this.#options.queue, reason);
    return parkScript.run(
      this.#options.client,
      { job: this.#jobKey(job), active, stalled, delayed, marker, events, meta, parked },
      { id: job.id, token: job.token, delay: delayMs, reason },
    );
  }

  #release(job: FetchedJob): Promise<TransitionReply> {
    const { active, stalled, wait, prioritized, pc, marker, events, meta } = this.#keys;
    return releaseScript.run(
      this.#options.client,
      { job: this.#jobKey(job), active, stalled, wait, prioritized, priorityCounter: pc, marker, events, meta },
      { id: job.id, token: job.token, crashed: 0, failure: '' },
    );
  }

  #deadLetter(
    job: FetchedJob,
    { reason, error, attempted }: Extract<Outcome, { kind: 'dead_lettered' }>,
  ): Promise<TransitionReply> {
    const { client, keyspace, queue, worker, keepAttempts } = this.#options;
    const { active, stalled, events, meta, marker } = this.#keys;
    const dead = queueKeys(keyspace, deadLetterQueue(queue));
    const traceId = traceIdOf(job.meta.traceparent);
    const record: DeadLetterRecord = {
      reason,
      error,
      queue,
      id: job.id,
      by: worker,
      ...(traceId !== undefined && { traceId }),
      ...(job.meta.traceparent !== undefined && { traceparent: job.meta.traceparent }),
      ...(job.unreadableOpts !== undefined && {
        unreadableOptions: job.unreadableOpts.slice(0, keptOptionsCharacters),
      }),
    };
    return deadLetterScript.run(
      client,
      {
        job: this.#jobKey(job),
        active,
        stalled,
        events,
        meta,
        marker,
        deadFailed: dead.failed,
        deadEvents: dead.events,
        deadMeta: dead.meta,
      },
      {
        id: job.id,
        token: job.token,
        base: this.#keys[''],
        deadBase: dead[''],
        record: JSON.stringify(record),
        attempt: attempted ? JSON.stringify(this.#attemptRecord(job, error)) : '',
        keep: keepAttempts,
        message: error.message,
        stack: stackJson(error),
        data: isJson(job.dataJson) ? '' : JSON.stringify(job.dataJson),
        opts: job.unreadableOpts === undefined ? '' : '{}',
        crashed: 0,
      },
    );
  }

  #attemptRecord(job: FetchedJob, { stack: _stack, ...error }: ErrorReport): AttemptRecord {
    return {
      attempt: job.attemptsMade + 1,
      worker: this.#options.worker,
      startedAt: job.startedAt,
      endedAt: Date.now() as EpochMs,
      error,
    };
  }

  #jobKey(job: FetchedJob): string {
    return `${this.#keys['']}${job.id}`;
  }
}

/** BullMQ's own script brings the duplicate that came last, when the job ends inside its queue. */
function keepsLastDuplicate(job: FetchedJob): boolean {
  const { de } = job.opts as { readonly de?: { readonly keepLastIfActive?: unknown } };
  return de?.keepLastIfActive === true;
}

function settledBy(reply: TransitionReply): Settled {
  return reply === 'done' ? { kind: 'done', next: undefined } : { kind: reply };
}

function stackJson(error: ErrorReport): string {
  return JSON.stringify(error.stack === undefined ? [] : [error.stack]);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
