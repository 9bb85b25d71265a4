import type { QueueDefinition } from '../job/define-queue.js';
import type { Outcome } from '../job/outcome.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { FetchedJob } from '../transport/fetched-job.js';

/**
 * Counts a job by what its queue promises: that it starts in time, and that it succeeds. Called once per attempt that Redis has settled;
 * alerts on service levels reckon with these counts, which do not depend on the edges of buckets.
 */
export function countObjectives(
  job: FetchedJob,
  outcome: Outcome,
  { name: queue, criticality, sloMs }: QueueDefinition,
  metrics: Pick<Metrics, 'jobsWaited' | 'jobsEnded'>,
): void {
  // Whoever was set aside or given back will run again, and counts then.
  if (outcome.kind === 'parked' || outcome.kind === 'interrupted' || outcome.kind === 'lease_lost') return;
  // Later attempts wait because they were told to.
  if (job.attemptsMade === 0) {
    metrics.jobsWaited.inc({ queue, criticality, result: waitedMs(job) <= sloMs ? 'in_time' : 'late' });
  }
  const result = resultOf(outcome);
  if (result !== undefined) metrics.jobsEnded.inc({ queue, criticality, result });
}

/** How long a job waited from when it could run until its attempt started. */
export function waitedMs({ startedAt, enqueuedAt, opts }: FetchedJob): number {
  return Math.max(0, startedAt - enqueuedAt - (opts.delay ?? 0));
}

/** Undefined for a job that goes on, and for one that somebody called off. */
function resultOf(outcome: Outcome): 'succeeded' | 'failed' | undefined {
  if (outcome.kind === 'completed') return 'succeeded';
  if (outcome.kind !== 'dead_lettered' || outcome.reason === 'cancelled') return undefined;
  // An expected no is what the job was to find out.
  return outcome.reason === 'business_error' ? 'succeeded' : 'failed';
}
