import { type JobType, Queue } from 'bullmq';
import type { RedisClient } from '../redis/connection.js';
import type { Keyspace } from '../redis/keyspace.js';
import { BullmqBackend } from './bullmq-backend.js';

/** More jobs than this are not read into memory for one page, however many are asked for. */
const mostJobs = 25;
const mostLogLines = 200;
const mostSchedulers = 100;
/** Longer payloads and results are not even parsed. */
const longestField = 32_768;

export interface BoardQueueOptions {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly queue: string;
  readonly onError: (error: Error) => void;
}

/**
 * A BullMQ queue for whoever browses it: it writes nothing when it is made, and what one call reads is bounded. Dead-letter queues are queues,
 * too. It shares the connection, and listens to it for as long as that lives.
 */
export class BoardQueue extends Queue {
  constructor({ client, keyspace, queue, onError }: BoardQueueOptions) {
    const options = { connection: client, prefix: keyspace.prefix(queue), skipMetasUpdate: true };
    super(queue, options, () => new BoardBackend({ client, keyspace, queue, onError }));
    this.on('error', onError);
  }

  override getJobs(types?: JobType[] | JobType, start = 0, end = -1, asc?: boolean) {
    return super.getJobs(types, start, bounded(start, end, mostJobs), asc);
  }

  override getJobLogs(jobId: string, start = 0, end = -1, asc?: boolean) {
    return super.getJobLogs(jobId, start, bounded(start, end, mostLogLines), asc);
  }

  /** Without the payloads of the jobs that they will make. */
  override async getJobSchedulers(start = 0, end = -1, asc?: boolean) {
    const schedulers = await super.getJobSchedulers(start, bounded(start, end, mostSchedulers), asc);
    return schedulers.map(({ template, ...scheduler }) => ({
      ...scheduler,
      ...(template?.opts && { template: { opts: template.opts } }),
    }));
  }
}

/** Puts a word in the place of payloads and results that are too long for a page. */
class BoardBackend extends BullmqBackend {
  override async getJobData(jobId: string) {
    const job = await super.getJobData(jobId);
    if (job === undefined) return undefined;
    return { ...job, data: fitting(job.data), returnvalue: fitting(job.returnvalue) };
  }
}

function fitting(json: string): string {
  if ((json?.length ?? 0) <= longestField) return json;
  return JSON.stringify(`too long to be browsed (${json.length} characters): see \`bulwark job show\``);
}

/** The last index of a range that is no longer than it may be; -1 asks for everything. */
function bounded(start: number, end: number, most: number): number {
  const last = start + most - 1;
  return end < 0 ? last : Math.min(end, last);
}
