import type { JobsOptions } from 'bullmq';
import { type JobMeta, jobMetaOption } from '../job/job-meta.js';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import type { EpochMs } from '../time/duration.js';
import { BullmqBackend } from './bullmq-backend.js';

/** A job that is about to be written. */
export interface NewJob {
  readonly id: string;
  readonly kind: string;
  readonly payloadJson: string;
  readonly meta: JobMeta;
  readonly enqueuedAt: EpochMs;
  /** Start no sooner than this long after `enqueuedAt`. */
  readonly delayMs: number;
  /** BullMQ's priority: 0 is the plain queue, which goes first; then 1 before 2 before 3 … */
  readonly priority: number;
}

/** Adds jobs to queues, in BullMQ's layout. Adding an id that is there already changes nothing. */
export class QueueWriter {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #onError: (error: Error) => void;
  readonly #backends = new Map<string, BullmqBackend>();

  constructor(client: RedisClient, keyspace: Keyspace, onError: (error: Error) => void) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#onError = onError;
  }

  /** Writes jobs of one queue in one round trip. */
  async add(queue: string, jobs: readonly NewJob[]): Promise<void> {
    await this.#backend(queue).addJobs(
      jobs.map((job) => ({
        jobId: job.id,
        job: {
          id: job.id,
          name: job.kind,
          data: job.payloadJson,
          opts: jobOptions(job),
          timestamp: job.enqueuedAt,
          delay: job.delayMs,
          priority: job.priority,
          progress: 0,
          attemptsMade: 0,
          attemptsStarted: 0,
          stalledCounter: 0,
          stacktrace: '[]',
          failedReason: '',
          returnvalue: '',
        },
        parentKeyOpts: {},
      })),
    );
  }

  #backend(queue: string): BullmqBackend {
    let backend = this.#backends.get(queue);
    if (!backend) {
      backend = new BullmqBackend({ client: this.#client, keyspace: this.#keyspace, queue, onError: this.#onError });
      this.#backends.set(queue, backend);
    }
    return backend;
  }
}

/** What lies beside the payload. BullMQ keeps options it does not know as they are. */
function jobOptions(job: NewJob): JobsOptions & { readonly [jobMetaOption]: JobMeta } {
  return {
    jobId: job.id,
    ...(job.delayMs > 0 && { delay: job.delayMs }),
    ...(job.priority > 0 && { priority: job.priority }),
    [jobMetaOption]: job.meta,
  };
}
