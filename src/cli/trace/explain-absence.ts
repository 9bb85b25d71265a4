import type { JobEventView } from '../../transport/view-scripts.js';
import { shortened } from '../wording.js';

const longestResult = 200;

/** What a queue still knows of a job that is not there any more. */
export interface Clue {
  readonly queue: string;
  /** The oldest first. */
  readonly events: readonly JobEventView[];
  /** When the job completed that did so longest ago, of those that are kept. */
  readonly oldestCompleted: number | undefined;
  /** What the effect ledger has as the result of the job's key, where it remembers that the work is done. */
  readonly result?: { readonly json: string };
}

/** What became of a job that is nowhere, as far as the queues know. Pure. */
export function explainAbsence(clues: readonly Clue[]): string {
  const done = clues.find(({ result }) => result !== undefined);
  if (done?.result) {
    return `its work is done, and the job is no longer kept (job.keepCompletedMs, job.keepCompletedCount): ${done.queue} remembers its idempotency key, with the result ${shortened(done.result.json, longestResult)}`;
  }
  const known = clues.flatMap(({ queue, events }) => {
    // How it stood last; what its handler reported says nothing of that.
    const last = events.findLast(({ event }) => event !== 'progress');
    return last ? [{ queue, ...last }] : [];
  });
  if (known.length > 0) return known.map(fateOf).join('; ');
  const kept = clues.flatMap(({ queue, oldestCompleted }) =>
    oldestCompleted === undefined ? [] : [`; ${queue} has those since ${spoken(oldestCompleted)}`],
  );
  return `no queue has heard of it lately. It was never there (is the id mistyped, or the namespace another one?), or it was purged, or it completed so long ago that it is no longer kept (job.keepCompletedMs, job.keepCompletedCount${kept.join('')})`;
}

function fateOf({ queue, at, event, prev }: JobEventView & { readonly queue: string }): string {
  const when = spoken(at);
  switch (event) {
    case 'completed':
      return `it completed in ${queue} at ${when}, and is no longer kept (job.keepCompletedMs, job.keepCompletedCount)`;
    case 'failed':
    case 'retries-exhausted':
      return `it failed in ${queue} at ${when}, and its dead letter was purged since`;
    case 'removed':
      return `somebody removed it from ${queue} at ${when}${prev === '' ? '' : `, where it was ${prev}`}`;
    case 'active':
      return `it was started in ${queue} at ${when}, and somebody removed it since`;
    default:
      return `${queue} last heard of it at ${when} (${event}): it was purged since, or somebody removed it`;
  }
}

function spoken(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'an unknown time' : date.toISOString();
}
