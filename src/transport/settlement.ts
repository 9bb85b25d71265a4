import type { KeepJobs } from 'bullmq';
import { Packr } from 'msgpackr';
import type { Logger } from 'pino';
import { fingerprintOf } from '../dead-letter/fingerprint.js';
import type { DeadLetterRecord } from '../dead-letter/record.js';
import { assertNever } from '../errors/assert-never.js';
import { errorMessage } from '../errors/error-message.js';
import { wonKey } from '../idempotency/claim.js';
import { isFinal, type KnownFailure } from '../idempotency/decide-claim.js';
import type { EffectLedger, KeyEnd } from '../idempotency/ledger.js';
import type { AttemptRecord, ErrorReport, Outcome } from '../job/outcome.js';
import { traceIdIn, traceparentIn } from '../job/trace-carrier.js';
import type { RedisClient } from '../redis/connection.js';
import type { ScriptArgument } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import { isPassing } from '../redis/passing-refusal.js';
import { pause } from '../time/clock.js';
import type { EpochMs } from '../time/duration.js';
import type { BullmqBackend } from './bullmq-backend.js';
import type { FetchedJob } from './fetched-job.js';
import { keepPolicy, keepWord } from './keep-policy.js';
import { type QueueKeys, queueKeys } from './queue-keys.js';
import { leaseRenewScript } from './transition-scripts.js';
import type { JobEnd, WorkCalls } from './work-calls.js';

/** What became of an outcome: written or refused; and the next job, when one was asked for and there. */
export interface Settled {
  readonly kind: 'done' | 'lease_lost' | 'job_gone' | 'unsettled';
  readonly jobs: readonly FetchedJob[];
  /** What was written when the children of a parent did not let it complete. */
  readonly instead?: Outcome;
}

export interface SettlementOptions {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  readonly worker: string;
  readonly leaseMs: number;
  readonly keepCompleted: KeepJobs;
  readonly calls: WorkCalls<FetchedJob>;
  readonly backend: BullmqBackend;
  readonly ledger: EffectLedger;
  readonly log: Logger;
}

/** Pauses between tries while Redis refuses (out of memory, loading, failing over). */
const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** About once a minute whoever reads the log hears that a job still waits for its end to be written. */
const triesPerLine = 60;
/** Unreadable options are kept for whoever looks into it, up to here. */
const keptOptionsCharacters = 4_000;

/** BullMQ's way to pack: what Lua unpacks with cmsgpack knows no records. */
const packr = new Packr({ useRecords: false });

/** A parent that ended before its children did runs again after the last of them. */
const childrenPending: Written = { kind: 'parked', reason: 'children_pending', delayMs: 0 };
/** A parent cannot complete any more when a child failed that takes its parent along. */
const childFailed: Written = {
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

  async settle(
    job: FetchedJob,
    outcome: Outcome,
    nextToken: string | undefined,
    stopped: AbortSignal,
  ): Promise<Settled> {
    if (outcome.kind === 'lease_lost') return { kind: 'lease_lost', jobs: [] };
    let leaseRenewed = false;
    for (let tries = 1; !stopped.aborted; tries++) {
      try {
        const settled = await this.#write(job, outcome, nextToken);
        if (settled.kind !== 'lease_lost' || leaseRenewed) return settled;
        // The lease may have run out while Redis was away; if nobody took the job since, it is ours again.
        leaseRenewed = true;
        if (!(await this.#renew(job))) return settled;
      } catch (error) {
        if (tries % triesPerLine === 1) {
          this.#options.log.warn(
            { jobId: job.id, outcome: outcome.kind, tries, err: error },
            `settle.failed: ${errorMessage(error)}`,
          );
        }
        await pause(Math.min(firstPauseMs * 2 ** tries, longestPauseMs), stopped);
      }
    }
    return { kind: 'unsettled', jobs: [] };
  }

  /** Removes what somebody else wrote into the job and on which its end would break off half-way, with the job in no list at all. */
  async mend(job: FetchedJob): Promise<void> {
    this.#options.log.warn({ jobId: job.id, fields: job.brokenFields }, 'job.mended');
    await this.#options.client.hdel(`${this.#keys['']}${job.id}`, ...job.brokenFields);
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
        const passes = isPassing(error);
        if (tries === 1 || !passes) {
          this.#options.log.error({ jobId: job.id, scheduler: job.schedulerKey, err: error }, 'schedule.failed');
        }
        if (!passes) return;
        await pause(Math.min(firstPauseMs * 2 ** tries, longestPauseMs), stopped);
      }
    }
  }

  async #write(job: FetchedJob, outcome: Written, nextToken: string | undefined): Promise<Settled> {
    if (belongsToOthers(job, outcome)) return this.#writeByBullmq(job, outcome);
    const { code, jobs } = await this.#options.calls.end(this.#endOf(job, outcome), nextToken);
    switch (code) {
      case 0:
        return { kind: 'done', jobs };
      case -1:
        return { kind: 'job_gone', jobs };
      case -2:
      case -3:
      case -6:
        return { kind: 'lease_lost', jobs };
      case -4:
      case -9:
      case -100:
        return this.#writeByBullmq(job, outcome);
      case -101:
        throw new Error(
          `the end of job ${job.id} cannot be written: a key of it, or of its dead-letter queue, is of another type than Bulwark or BullMQ writes. Look with TYPE at the keys ${this.#keys['']}${job.id}:* and at those of ${this.#options.queue}.dead, and remove what somebody else put there; the job keeps its place until then`,
        );
      default:
        throw new TypeError(`fetch-and-finish answered the unknown code ${code}`);
    }
  }

  /** Jobs with a parent, children or a deduplication id end by BullMQ's own script, which knows what that means for others. */
  async #writeByBullmq(job: FetchedJob, outcome: Written): Promise<Settled> {
    const { backend, keepCompleted } = this.#options;
    const end = keyEndOf(outcome);
    if (job.claim?.verdict.kind === 'new' && end) {
      // First of all: if this worker dies in between, the next run finds that the work is done.
      const written = await this.#options.ledger.write(job, job.claim, end);
      if (written === 'lease_lost') return { kind: 'lease_lost', jobs: [] };
    }
    if (outcome.kind === 'dead_lettered') {
      return { kind: await backend.fail(job, outcome.error.message, stackJson(outcome.error)), jobs: [] };
    }
    if (outcome.kind !== 'completed')
      throw new TypeError(`BullMQ has no script of its own for the outcome ${outcome.kind}`);
    const reply = await backend.complete(job, outcome, keepCompleted);
    if (job.claim?.verdict.kind === 'new' && (reply === 'children_pending' || reply === 'children_failed')) {
      // While it still has its lease: the job waits for its children without one.
      await this.#options.ledger.write(job, job.claim, { kind: 'open' });
    }
    const kind = reply === 'children_pending' ? await backend.awaitChildren(job) : reply;
    switch (kind) {
      case 'done':
        return reply === 'children_pending' ? { kind, jobs: [], instead: childrenPending } : { kind, jobs: [] };
      case 'none_pending':
        return this.#writeByBullmq(job, outcome);
      case 'children_failed': {
        const settled = await this.#write(job, childFailed, undefined);
        return settled.kind === 'done' ? { ...settled, instead: childFailed } : settled;
      }
      default:
        return { kind, jobs: [] };
    }
  }

  /** The words of an end, as the header of fetch-and-finish.lua lists them. */
  #endOf(job: FetchedJob, outcome: Written): JobEnd {
    const { id, token } = job;
    switch (outcome.kind) {
      case 'completed': {
        const keep = keepPolicy(job.opts.removeOnComplete, this.#options.keepCompleted);
        const words = [outcome.resultJson, keepWord(keep), wonKey('committed', id, job.claim)];
        if (outcome.fallbackFor === undefined) return { kind: 'c', id, token, words };
        return { kind: 'b', id, token, words: [...words, outcome.fallbackFor] };
      }
      case 'retried': {
        const { error, delayMs } = outcome;
        const fields = packr.pack(['failedReason', error.message, 'stacktrace', stackJson(error)]);
        const words = [delayMs, '', 1, fields, JSON.stringify(this.#attemptRecord(job, outcome))];
        return { kind: 'y', id, token, words };
      }
      case 'parked':
        return outcome.cause === undefined
          ? { kind: 'p', id, token, words: [outcome.delayMs, outcome.reason] }
          : { kind: 's', id, token, words: [outcome.delayMs, outcome.reason, outcome.cause] };
      case 'dead_lettered':
        return { kind: 'd', id, token, words: this.#letter(job, outcome) };
      case 'interrupted':
        return { kind: 'i', id, token, words: [outcome.reason] };
      default:
        return assertNever(outcome);
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

  #letter(job: FetchedJob, outcome: DeadLettered): ScriptArgument[] {
    const { reason, error, attempted } = outcome;
    const { queue, worker } = this.#options;
    const traceId = traceIdIn(job.carrier);
    const traceparent = traceparentIn(job.carrier);
    const record: DeadLetterRecord = {
      reason,
      error,
      queue,
      id: job.id,
      by: worker,
      ...(traceId !== undefined && { traceId }),
      ...(traceparent !== undefined && { traceparent }),
      ...(job.unreadableOpts !== undefined && {
        unreadableOptions: job.unreadableOpts.slice(0, keptOptionsCharacters),
      }),
    };
    return [
      JSON.stringify(record),
      attempted ? JSON.stringify(this.#attemptRecord(job, outcome)) : '',
      error.message,
      stackJson(error),
      isJson(job.dataJson) ? '' : JSON.stringify(job.dataJson),
      job.unreadableOpts === undefined ? '' : '{}',
      // Where that is not the end of the key, its fence is kept for whoever does the work next.
      wonKey(isFinal(outcome) ? 'failed' : 'open', job.id, job.claim),
      isFinal(outcome) ? failureJson(outcome) : '',
    ];
  }

  #attemptRecord(job: FetchedJob, { error: { stack: _stack, ...error }, dependency }: FailedOutcome): AttemptRecord {
    return {
      attempt: job.attemptsMade + 1,
      worker: this.#options.worker,
      startedAt: job.startedAt,
      endedAt: Date.now() as EpochMs,
      error,
      ...(dependency !== undefined && { dependency }),
    };
  }
}

/** What is written: a run that lost its lease has no say. */
type Written = Exclude<Outcome, { kind: 'lease_lost' }>;
type DeadLettered = Extract<Outcome, { kind: 'dead_lettered' }>;
type FailedOutcome = Extract<Outcome, { kind: 'retried' | 'dead_lettered' }>;

/** What an outcome says of the job's key, if anything. */
function keyEndOf(outcome: Written): KeyEnd | undefined {
  if (outcome.kind === 'completed') return { kind: 'committed', resultJson: outcome.resultJson };
  if (outcome.kind !== 'dead_lettered' || !isFinal(outcome)) return undefined;
  return { kind: 'failed', failureJson: failureJson(outcome) };
}

function failureJson({ reason, error: { stack: _stack, ...error } }: DeadLettered): string {
  return JSON.stringify({ reason, error } satisfies KnownFailure);
}

/** Whether the end of this job is news for other jobs: its parent, or the duplicate that waits for it. */
function belongsToOthers(job: FetchedJob, outcome: Written): boolean {
  if (outcome.kind === 'completed') return job.hasParent;
  return outcome.kind === 'dead_lettered' && (job.hasParent || keepsLastDuplicate(job));
}

/** BullMQ's own script brings the duplicate that came last, when the job ends inside its queue. */
function keepsLastDuplicate(job: FetchedJob): boolean {
  const { de } = job.opts as { readonly de?: { readonly keepLastIfActive?: unknown } };
  return de?.keepLastIfActive === true;
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
