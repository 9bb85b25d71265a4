import {
  type BackendFactory,
  createRedisBackend,
  type JobJson,
  type RedisQueueBackend,
  type WorkerOptions,
} from 'bullmq';
import { Packr } from 'msgpackr';
import type { RedisClient } from '../redis/connection.js';
import type { ScriptArgument } from '../redis/define-script.js';
import { decodeJobJson } from './job-json.js';
import { keepPolicy, keepWords } from './keep-policy.js';
import { type JobEnd, type TakenJob, WorkCalls, type WorkReply } from './work-calls.js';
import { workLayout } from './work-layout.js';

/** What BullMQ's worker expects of a fetch: the job and its id, or how long the rate limit holds, or when the next one is due. */
type FetchReply = [job: JobJson | null, id: string | 0, limitedForMs: number, nextAt: number];

type MoveToCompleted = RedisQueueBackend['moveToCompleted'];
type MoveToFailed = RedisQueueBackend['moveToFailed'];
type MoveToDelayed = RedisQueueBackend['moveToDelayed'];

/** BullMQ's default for a queue that no worker's options came with. */
const defaultLeaseMs = 30_000;
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });

/**
 * BullMQ's Redis backend with the calls of a worker batched: give it to BullMQ's own `Queue` and `Worker` as the last argument of
 * their constructors, or to `setDefaultBackendFactory`.
 *
 * What a worker process completes, fails, delays and fetches at the same moment travels as one script call. Everything else, and
 * jobs with a parent, children or a deduplication id, goes through BullMQ's own scripts. Redis looks the same afterwards.
 */
export const createBulwarkBackend: BackendFactory<RedisQueueBackend> = (name, options, roles) => {
  const backend = createRedisBackend(name, options, roles);
  const worker = options as Partial<WorkerOptions> & { readonly prefix?: string };
  let calls: WorkCalls<JobJson & { readonly id: string }> | undefined;
  const connected = async () => {
    calls ??= new WorkCalls({
      client: (await backend.client) as unknown as RedisClient,
      layout: workLayout(worker.prefix ?? 'bull', name),
      worker: worker.name ?? '',
      leaseMs: worker.lockDuration ?? defaultLeaseMs,
      keepAttempts: 0,
      fields: [],
      decode: (job: TakenJob) => decodeJobJson(job as readonly string[]),
      now: Date.now,
      limiter: worker.limiter,
      metricsSize: worker.metrics?.maxDataPoints,
    });
    return calls;
  };
  const own = {
    moveToActive: backend.moveToActive.bind(backend),
    moveToCompleted: backend.moveToCompleted.bind(backend),
    moveToFailed: backend.moveToFailed.bind(backend),
    moveToDelayed: backend.moveToDelayed.bind(backend),
  };

  const settle = async (end: JobEnd, nextToken: string | undefined, command: string) => {
    const reply = await (await connected()).end(end, nextToken);
    if (reply.code < 0 && reply.code !== notPlain) {
      throw backend.finishedErrors({ code: reply.code, jobId: end.id, command, state: 'active' });
    }
    return reply;
  };

  backend.moveToActive = async (token) => fetchReply(await (await connected()).take([token])) as never;

  const moveToCompleted: MoveToCompleted = async (job, returnValue, removeOnComplete, token, fetchNext) => {
    const result = JSON.stringify(returnValue) ?? 'null';
    const keep = keepPolicy(removeOnComplete, worker.removeOnComplete);
    const end: JobEnd = { kind: 'c', id: job.id ?? '', token, words: [result, ...keepWords(keep)] };
    const reply = await settle(end, fetchNext && !backend.closing ? token : undefined, 'moveToFinished');
    if (reply.code === notPlain) return own.moveToCompleted(job, returnValue, removeOnComplete, token, fetchNext);
    return { result: fetchNext ? (fetchReply(reply) as never) : [], finishedOn: reply.at };
  };
  backend.moveToCompleted = moveToCompleted;

  const moveToFailed: MoveToFailed = async (job, failedReason, removeOnFail, token, fetchNext, fieldsToUpdate) => {
    const keep = keepPolicy(removeOnFail, worker.removeOnFail);
    const words = [failedReason, ...keepWords(keep), job.opts.attempts ?? 0, packFields(fieldsToUpdate)];
    const end: JobEnd = { kind: 'f', id: job.id ?? '', token, words };
    const reply = await settle(end, fetchNext && !backend.closing ? token : undefined, 'moveToFinished');
    if (reply.code === notPlain) {
      return own.moveToFailed(job, failedReason, removeOnFail, token, fetchNext, fieldsToUpdate);
    }
    return { result: fetchNext ? (fetchReply(reply) as never) : [], finishedOn: reply.at };
  };
  backend.moveToFailed = moveToFailed;

  const moveToDelayed: MoveToDelayed = async (jobId, timestamp, delay, token = '0', opts = {}) => {
    const words = [delay, timestamp, opts.skipAttempt ? 0 : 1, packFields(opts.fieldsToUpdate), ''];
    const end: JobEnd = { kind: 'y', id: jobId, token, words };
    const reply = await settle(end, opts.fetchNext ? token : undefined, 'moveToDelayed');
    return opts.fetchNext && reply.jobs.length > 0 ? (fetchReply(reply) as never) : (undefined as never);
  };
  backend.moveToDelayed = moveToDelayed;

  return backend;
};

/** The code with which the script sends a job to BullMQ's own. */
const notPlain = -100;

function fetchReply({ jobs, limitedForMs, nextAt }: WorkReply<JobJson & { readonly id: string }>): FetchReply {
  const [job] = jobs;
  return job ? [job, job.id, 0, 0] : [null, 0, limitedForMs, nextAt ?? 0];
}

/** Fields of a job's hash as the script unpacks them: name, value, name, value …; empty for none. */
function packFields(fields: Readonly<Record<string, unknown>> | undefined): ScriptArgument {
  const words = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined);
  return words.length === 0 ? '' : packr.pack(words.flat());
}
