import type { JobView } from '../../transport/queue-inspector.js';
import { JobNotFoundError } from '../job-not-found-error.js';
import { placeText } from '../jobs/find-job.js';
import type { RedisSession } from '../redis-session.js';
import { decideNext, type Next } from './decide-next.js';
import { explainAbsence } from './explain-absence.js';
import type { Moment } from './moment.js';
import { readLives } from './read-lives.js';
import { readPresent } from './read-present.js';
import type { Life } from './tell-life.js';
import { tellStory } from './tell-story.js';

/** A job, its story, and what happens next. */
export interface Trace {
  /** As it is now, or as it died. */
  readonly job: JobView;
  /** The id under which it lies among the dead letters, if it does. */
  readonly deadId?: string;
  /** When Redis was asked, by its clock. */
  readonly now: number;
  readonly moments: readonly Moment[];
  readonly next: Next;
}

/**
 * Reads the story of a job from one queue, or from each in which its id is.
 *
 * @throws UnknownQueueError when the named queue is not known; JobNotFoundError, with what became of the job as far as that can be known,
 * when it is nowhere.
 */
export async function readTraces(
  redis: RedisSession,
  id: string,
  queue: string | undefined,
  deadAfterMs: number,
): Promise<Trace[]> {
  const queues = queue === undefined ? await redis.queueNames() : [await redis.requireQueue(queue)];
  const known = await Promise.all(queues.map((name) => readLives(redis, name, id)));
  const found = known.flatMap((lives) => (hasAny(lives) ? [lives] : []));
  if (found.length === 0) throw new JobNotFoundError(id, placeText(queues), await readAbsence(redis, id, queues));
  return Promise.all(found.map((lives) => readTrace(redis, lives, deadAfterMs)));
}

type Lives = readonly [Life, ...Life[]];

function hasAny(lives: readonly Life[]): lives is Lives {
  return lives.length > 0;
}

async function readTrace(redis: RedisSession, lives: Lives, deadAfterMs: number, again = true): Promise<Trace> {
  const last = lives.at(-1) ?? lives[0];
  const { id, queue, state } = last.job;
  const standing = await redis.traces.standing(queue, id);
  if (state === 'active' && standing.lease === undefined && again) {
    // It may have ended between the two questions.
    const now = await readLives(redis, queue, id);
    return readTrace(redis, hasAny(now) ? now : lives, deadAfterMs, false);
  }
  return {
    ...last,
    now: standing.now,
    moments: tellStory(lives, standing.now),
    next: await readNext(),
  };

  async function readNext(): Promise<Next> {
    if (last.deadId !== undefined) return { what: 'nothing', because: 'dead_lettered' };
    // A job that has ended asks nothing of the fleet.
    if (state === 'completed' || state === 'failed') return { what: 'nothing', because: state };
    return decideNext(await readPresent(redis, last.job, standing, deadAfterMs));
  }
}

async function readAbsence(
  { traces, inspector }: RedisSession,
  id: string,
  queues: readonly string[],
): Promise<string> {
  const clues = await Promise.all(
    queues.map(async (queue) => {
      const [events, oldestCompleted, [outcome]] = await Promise.all([
        traces.events(queue, id),
        traces.oldestCompleted(queue),
        inspector.outcomes(queue, [id]),
      ]);
      const result = outcome?.state === 'completed' && { json: JSON.stringify(outcome.result) };
      return { queue, events, oldestCompleted, ...(result && { result }) };
    }),
  );
  return explainAbsence(clues);
}
