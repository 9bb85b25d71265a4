import type { WorkerBeat } from './worker-beat.js';

/** A job that waits for a process of its own. */
export interface WaitingSuspect {
  readonly queue: string;
  readonly jobId: string;
  readonly kind: string;
}

export interface LaneAssignment extends WaitingSuspect {
  readonly worker: string;
}

/**
 * Gives each suspect a worker that knows its kind and can run it in a process of its own, one per worker: those with the most room
 * first. Pure.
 *
 * @param free - the last beats of workers that live and were not given one just now.
 */
export function decideLanes(suspects: readonly WaitingSuspect[], free: readonly WorkerBeat[]): LaneAssignment[] {
  const lanes = free
    .filter(({ lane, state }) => lane === 'free' && state === 'running')
    .sort((a, b) => busy(a) - busy(b) || a.rssBytes - b.rssBytes);
  return suspects.flatMap((suspect) => {
    const place = lanes.findIndex(({ kinds }) => kinds.includes(suspect.kind));
    const [lane] = place < 0 ? [] : lanes.splice(place, 1);
    return lane ? [{ ...suspect, worker: lane.id }] : [];
  });
}

function busy({ queues }: WorkerBeat): number {
  return queues.reduce((sum, queue) => sum + queue.busy, 0);
}
