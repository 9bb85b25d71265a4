import { assertNever } from '../../errors/assert-never.js';
import type { CancelResult } from './cancel-job.js';

/** What became of the wish to call a job off, or with `dryRun` would become of it, in one line. */
export function renderCancel({ id, queue, outcome, worker, state }: CancelResult, dryRun: boolean): string {
  const who = worker ?? 'a worker that has let go of it';
  switch (outcome) {
    case 'cancelled':
      return dryRun
        ? `would dead-letter ${id} of ${queue}, which waits`
        : `called off ${id}: it lies among the dead letters of ${queue}${worker ? `; ${worker} ran it` : ''}`;
    case 'marked':
      return `${dryRun ? 'would mark' : 'marked'} ${id} to fail when a worker takes it: it is the child of a flow, and its parent is to be told`;
    case 'still_running':
      return dryRun
        ? `would ask ${who} to call off ${id}, which runs`
        : `${id} still runs on ${who}, which was asked to call it off; it is given up on after worker.abortGraceMs, unless its handler blocks the event loop`;
    case 'not_ours':
      return `${id} is run by a plain BullMQ worker, which nobody can ask to call it off`;
    case 'scheduled':
      return `${id} is the next run of a job scheduler, and without it there would be no further ones: remove the scheduler instead`;
    case 'ended':
      return `nothing to call off: ${id} is ${state ?? 'gone'}`;
    default:
      return assertNever(outcome);
  }
}
