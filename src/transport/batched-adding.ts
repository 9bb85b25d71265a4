import type { RedisQueueBackend } from 'bullmq';
import { AddCalls } from './add-calls.js';
import { jobWords } from './bullmq-job-words.js';
import { ConnectedCalls } from './connected-calls.js';
import type { JobWords } from './job-words.js';

type AddJob = RedisQueueBackend['addJob'];
type AddJobs = RedisQueueBackend['addJobs'];
type Entry = Parameters<AddJobs>[0][number];

/** Neighbours among jobs to add that go the same way; a job that cannot be written goes nowhere, alone. */
type Run =
  | { readonly kind: 'batched'; readonly jobs: JobWords[] }
  | { readonly kind: 'own'; readonly entries: Entry[] }
  | { readonly kind: 'refused'; readonly error: unknown };

/** A call with more would keep Redis from others for long. */
const mostPerCall = 200;

/**
 * The side of BullMQ's backend that adds jobs, batched. Jobs of a flow or of a scheduler, and those with a deduplication id, are
 * left to BullMQ's own methods, and keep their place among the others.
 */
export class BatchedAdding {
  readonly #own: { readonly addJob: AddJob; readonly addJobs: AddJobs };
  readonly #calls: ConnectedCalls<AddCalls>;

  constructor(backend: RedisQueueBackend) {
    this.#own = { addJob: backend.addJob.bind(backend), addJobs: backend.addJobs.bind(backend) };
    this.#calls = new ConnectedCalls(
      backend,
      (client) => new AddCalls({ client, base: backend.toKey(''), mostPerCall }),
    );
  }

  readonly addJob: AddJob = (job, jobId, parentKeyOpts) =>
    this.#calls.use(async (calls) => {
      if (!isPlain(job, parentKeyOpts)) return calls.inTurn(() => this.#own.addJob(job, jobId, parentKeyOpts));
      const [added] = await calls.add([jobWords(job, jobId)]);
      return added?.id ?? jobId;
    });

  readonly addJobs: AddJobs = (entries) =>
    this.#calls.use(async (calls) => {
      const runs = runsOf(entries).map((run) => this.#add(calls, run));
      // One job that fails does not keep the others from being added.
      await Promise.allSettled(runs);
      return (await Promise.all(runs)).flat();
    });

  /** Resolves when everything that was added has been answered. */
  whenIdle(): Promise<void> {
    return this.#calls.whenIdle();
  }

  async #add(calls: AddCalls, run: Run): Promise<string[]> {
    switch (run.kind) {
      case 'batched':
        return (await calls.add(run.jobs)).map(({ id }) => id);
      case 'own':
        return calls.inTurn(() => this.#own.addJobs(run.entries));
      case 'refused':
        throw run.error;
    }
  }
}

/** A job whose coming concerns no other job. */
function isPlain(job: Entry['job'], parentKeyOpts: Entry['parentKeyOpts']): boolean {
  return (
    !job.parentKey &&
    !job.parent &&
    !parentKeyOpts?.addToWaitingChildren &&
    !job.repeatJobKey &&
    !job.deduplicationId &&
    !job.opts.deduplication
  );
}

function runsOf(entries: readonly Entry[]): Run[] {
  const runs: Run[] = [];
  for (const entry of entries) {
    const run = runOf(entry);
    const last = runs.at(-1);
    if (run.kind === 'batched' && last?.kind === 'batched') last.jobs.push(...run.jobs);
    else if (run.kind === 'own' && last?.kind === 'own') last.entries.push(...run.entries);
    else runs.push(run);
  }
  return runs;
}

function runOf(entry: Entry): Run {
  if (!isPlain(entry.job, entry.parentKeyOpts)) return { kind: 'own', entries: [entry] };
  try {
    return { kind: 'batched', jobs: [jobWords(entry.job, entry.jobId)] };
  } catch (error) {
    return { kind: 'refused', error };
  }
}
