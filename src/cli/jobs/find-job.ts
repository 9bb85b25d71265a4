import type { DeadLetter } from '../../dead-letter/record.js';
import type { JobView } from '../../transport/queue-inspector.js';
import { type HoldingBreaker, readBreakerOf } from '../breaker/read-breakers.js';
import { JobNotFoundError } from '../job-not-found-error.js';
import type { RedisSession } from '../redis-session.js';

/** A job in its queue. */
export interface LiveJob {
  readonly place: 'queue';
  readonly queue: string;
  readonly job: JobView;
  /** The breaker for which it is set aside, if it is for one. */
  readonly heldBy?: HoldingBreaker;
}

/** Where a job was found. An id can be in both: a dead letter, and a later job with the same key. */
export type FoundJob =
  | LiveJob
  | { readonly place: 'dead_letter_queue'; readonly queue: string; readonly letter: DeadLetter };

/**
 * Looks for a job in one queue, or in all of them, and in their dead-letter queues.
 *
 * @throws UnknownQueueError when the named queue is not known; JobNotFoundError when the job is nowhere.
 */
export async function findJob(redis: RedisSession, id: string, queue: string | undefined): Promise<FoundJob[]> {
  const queues = queue === undefined ? await redis.queueNames() : [await redis.requireQueue(queue)];
  const found = await Promise.all(queues.map((name) => findIn(redis, name, id)));
  if (found.flat().length === 0) throw new JobNotFoundError(id, placeText(queues));
  return found.flat();
}

async function findIn(redis: RedisSession, queue: string, id: string): Promise<FoundJob[]> {
  const [job, letter] = await Promise.all([redis.inspector.job(queue, id), redis.deadLetters(queue).get(id)]);
  const heldBy = job?.state === 'delayed' ? await readBreakerOf(redis, job.parkedFor) : undefined;
  return [
    ...(job ? [{ place: 'queue' as const, queue, job, ...(heldBy && { heldBy }) }] : []),
    ...(letter ? [{ place: 'dead_letter_queue' as const, queue, letter }] : []),
  ];
}

/**
 * Looks for a dead letter in all queues.
 *
 * @throws UnknownQueueError when the named queue is not known; JobNotFoundError when there is none under this id.
 */
export async function findLetter(
  redis: RedisSession,
  id: string,
  queue: string | undefined,
): Promise<{ readonly queue: string; readonly letter: DeadLetter }> {
  const queues = queue === undefined ? await redis.queueNames() : [await redis.requireQueue(queue)];
  for (const name of queues) {
    const letter = await redis.deadLetters(name).get(id);
    if (letter) return { queue: name, letter };
  }
  throw new JobNotFoundError(id, `the dead letters of ${queues.join(', ') || 'any queue'}`);
}

/** Where a job was looked for. */
export function placeText(queues: readonly string[]): string {
  return queues.length === 0 ? 'any queue' : `${queues.join(', ')}, nor among their dead letters`;
}
