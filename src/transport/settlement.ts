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
import type { BullmqBackend, Fetched, FinishReply } from './bullmq-backend.js';
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

/** What became of an outcome: written, with the next job when one was asked for and there; or refused. */
export type Settled =
  | { readonly kind: 'done'; readonly next: Fetched | undefined }
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
/** Unreadable options are kept for whoever looks into it, up to here. */
const keptOptionsCharacters = 4_000;

/** A parent that ended before its children did: it has to run again once they are done. */
const childrenPending: ErrorReport = {
  class: 'transient',
  name: 'ChildrenPendingError',
  message: 'the job completed while children of it were still pending or had failed',
  fingerprint: fingerprintOf('ChildrenPendingError', undefined, ''),
};
const childrenPendingDelayMs = 5_000;

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

  /** Plans the next run of a scheduled job; a failure is logged, because the job at hand is worth more than the next. */
  async continueSchedule(job: FetchedJob): Promise<void> {
    try {
      await this.#options.backend.continueSchedule(job);
    } catch (error) {
      this.#options.log.error({ jobId: job.id, scheduler: job.schedulerKey, err: error }, 'schedule.failed');
    }
  }

  async #write(job: FetchedJob, outcome: Outcome, fetchNext: boolean): Promise<Settled> {
    switch (outcome.kind) {
      case 'completed': {
        const reply = await this.#options.backend.complete(
          job,
          outcome.resultJson,
          this.#options.keepCompleted,
          fetchNext,
        );
        return this.#unlessChildrenPending(job, reply);
      }
      case 'retried':
        return settledBy(await this.#retry(job, outcome.delayMs, outcome.error));
      case 'parked':
        return settledBy(await this.#park(job, outcome.delayMs, outcome.reason));
      case 'dead_lettered': {
        if (!job.hasParent) return settledBy(await this.#deadLetter(job, outcome));
        const reply = await this.#options.backend.fail(job, outcome.error.message, stackJson(outcome.error), fetchNext);
        return this.#unlessChildrenPending(job, reply);
      }
      case 'interrupted':
        return settledBy(await this.#release(job));
      case 'lease_lost':
        return { kind: 'lease_lost' };
      default:
        return assertNever(outcome);
    }
  }

  async #unlessChildrenPending(job: FetchedJob, reply: FinishReply): Promise<Settled> {
    if (reply.kind === 'done') return reply;
    if (reply.kind !== 'children_pending') return { kind: reply.kind };
    return settledBy(await this.#retry(job, childrenPendingDelayMs, childrenPending));
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
      { id: job.id, token: job.token, crashed: 0 },
    );
  }

  #deadLetter(
    job: FetchedJob,
    { reason, error }: Extract<Outcome, { kind: 'dead_lettered' }>,
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
        attempt: wasAttempted(reason) ? JSON.stringify(this.#attemptRecord(job, error)) : '',
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

/** The handler ran, as opposed to a job that was refused before. */
function wasAttempted(reason: Extract<Outcome, { kind: 'dead_lettered' }>['reason']): boolean {
  return reason === 'attempts_exhausted' || reason === 'permanent_error' || reason === 'business_error';
}
