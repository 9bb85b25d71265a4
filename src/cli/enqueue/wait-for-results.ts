import type { EnqueuedJob } from '../../producer/producer.js';
import type { JobOutcomeView } from '../../transport/view-scripts.js';
import { exitCodeOfSignal, exitCodes } from '../exit-code.js';
import type { Output } from '../output.js';
import type { RedisSession } from '../redis-session.js';
import { counted, spokenDuration } from '../wording.js';
import { type Awaited, awaitJobs } from './await-jobs.js';
import { startProgress } from './progress-bar.js';
import { type AwaitedJob, renderResults, resultOf } from './render-results.js';

export interface WaitForResultsOptions {
  readonly redis: RedisSession;
  readonly output: Output;
  readonly kind: string;
  readonly queue: string;
  readonly jobs: readonly { readonly job: EnqueuedJob; readonly origin: string }[];
  readonly timeoutMs: number;
  /** When the enqueue began, by `performance.now`: the summary's time counts from there. */
  readonly startedAt: number;
  /** After this long a silence a worker counts as dead. */
  readonly deadAfterMs: number;
}

/**
 * Waits until all jobs have ended, shows the results on stdout and a summary on stderr.
 *
 * @returns the exit code: 0 when all completed; 130 after Ctrl-C, which ends the wait and not the jobs; else 1
 */
export async function waitForResults(options: WaitForResultsOptions): Promise<number> {
  const interrupt = new AbortController();
  const onSigint = () => interrupt.abort();
  process.once('SIGINT', onSigint);
  const awaited = await watch(options, interrupt.signal).finally(() => process.off('SIGINT', onSigint));
  report(options, awaited);
  if (awaited.end === 'interrupted') return exitCodeOfSignal('SIGINT');
  const allCompleted = [...awaited.outcomes.values()].every(({ state }) => state === 'completed');
  return allCompleted ? exitCodes.done : exitCodes.problem;
}

async function watch(options: WaitForResultsOptions, signal: AbortSignal): Promise<Awaited> {
  const { redis, output, kind, queue, jobs, timeoutMs } = options;
  await warnOfStandstill(options);
  const progress = startProgress(output, kind, jobs.length);
  return awaitJobs({
    inspector: redis.inspector,
    queue,
    ids: jobs.map(({ job }) => job.id),
    timeoutMs,
    signal,
    onProgress: (ended) => progress.update(ended),
    onTrouble: (error) => output.say(`${error.message}; the jobs go on, and so does the wait`),
  }).finally(() => progress.end());
}

function report(
  { output, kind, queue, jobs, startedAt, timeoutMs }: WaitForResultsOptions,
  { end, outcomes }: Awaited,
): void {
  const awaited: AwaitedJob[] = jobs.map(({ job, origin }) => ({
    id: job.id,
    origin,
    outcome: outcomes.get(job.id) ?? { state: 'pending' },
  }));
  const count = (state: JobOutcomeView['state']) => awaited.filter(({ outcome }) => outcome.state === state).length;
  const elapsedMs = Math.round(performance.now() - startedAt);
  const counts = {
    enqueued: jobs.length,
    completed: count('completed'),
    deadLettered: count('dead_lettered'),
    failed: count('failed'),
    gone: count('gone'),
    pending: count('pending'),
  };
  output.answer({ kind, queue, ...counts, elapsedMs, end, jobs: awaited.map(resultOf) }, () =>
    renderResults(
      kind,
      awaited.filter(({ outcome }) => outcome.state !== 'pending'),
      output.paint,
    ),
  );
  const rare = (number: number, what: string) => (number > 0 ? `, ${number} ${what}` : '');
  output.say(
    `${counts.enqueued} enqueued, ${counts.completed} completed, ${counts.deadLettered} dead-lettered` +
      `${rare(counts.failed, 'failed')}${rare(counts.gone, 'purged or no longer kept')}${rare(counts.pending, 'not ended yet')}` +
      ` in ${spokenDuration(elapsedMs)}`,
  );
  if (counts.pending > 0) {
    const why = end === 'timeout' ? `--timeout of ${spokenDuration(timeoutMs)} is over` : 'no longer waiting';
    output.say(`${why}; ${counted(counts.pending, 'job goes', 'jobs go')} on; \`bulwark status\` shows the queue`);
  }
  if (counts.deadLettered > 0) output.say(`\`bulwark dlq ls ${queue}\` says why they died`);
}

/** Why nothing may happen for as long as one waits. */
async function warnOfStandstill({ redis, output, kind, queue, deadAfterMs }: WaitForResultsOptions): Promise<void> {
  const [fleet, { paused }] = await Promise.all([redis.fleet.read(), redis.inspector.sample(queue)]);
  const able = fleet.some(
    ({ beat, ageMs }) => ageMs <= deadAfterMs && beat?.state === 'running' && beat.kinds.includes(kind),
  );
  if (!able)
    output.say(`no living worker knows ${kind}: its jobs wait until one runs (bulwark up, or bulwark worker run)`);
  if (paused) output.say(`queue ${queue} is paused: its jobs wait until \`bulwark queue resume ${queue}\``);
}
