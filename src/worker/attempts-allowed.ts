import type { AnyJobDefinition } from '../job/define-job.js';
import type { FetchedJob } from '../transport/fetched-job.js';

/** How often a job may run: what the job itself says, as any BullMQ producer may write it, else what its kind says. */
export function attemptsAllowed(job: Pick<FetchedJob, 'opts'>, definition: Pick<AnyJobDefinition, 'retry'>): number {
  return job.opts.attempts ?? definition.retry.attempts;
}
