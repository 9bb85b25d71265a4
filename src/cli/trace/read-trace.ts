import { deadLetterQueue } from '../../redis/keyspace.js';
import { workerOfToken } from '../../transport/lease-token.js';
import type { JobView } from '../../transport/queue-inspector.js';
import type { JobStanding } from '../../transport/scripts.js';
import { JobNotFoundError } from '../job-not-found-error.js';
import { placeText } from '../jobs/find-job.js';
import type { RedisSession } from '../redis-session.js';
import { readLeader } from '../status/read-leader.js';
import { presence } from '../status/read-workers.js';
import { decideNext, type Next, type Present, type Runner } from './decide-next.js';
import { explainAbsence } from './explain-absence.js';
import { type BeatingWorker, judgeFleet } from './judge-fleet.js';
import type { Moment } from './moment.js';
import { tidy } from './read-facts.js';
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

/** Of more earlier deaths of the same id, these are told. */
const earlierDeathsTold = 20;

/**
 * Reads the story of a job from one queue, or from all in which its id is.
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
  const found = await Promise.all(queues.map((name) => readLives(redis, name, id)));
  const traces = await Promise.all(
    found.flatMap((lives) => (lives.length > 0 ? [readTrace(redis, lives, deadAfterMs)] : [])),
  );
  if (traces.length > 0) return traces;
  throw new JobNotFoundError(id, placeText(queues), await readAbsence(redis, id, queues));
}

/** The deaths of an id in their order, and the job that has it now. The id of an earlier death stands for that of its job. */
async function readLives(redis: RedisSession, queue: string, id: string): Promise<Life[]> {
  const { inspector, traces } = redis;
  const dead = deadLetterQueue(queue);
  const [job, death] = await Promise.all([inspector.job(queue, id), inspector.job(dead, id)]);
  const original = death && job === undefined ? idBefore(death) : undefined;
  if (original !== undefined && original !== id) return readLives(redis, queue, original);
  const earlier = await traces.earlierDeaths(queue, id, earlierDeathsTold);
  const deaths = await Promise.all([...earlier, id].map((deadId) => inspector.job(dead, deadId)));
  const lives = deaths.flatMap((one): Life[] =>
    one && (one.id === id || idBefore(one) === id) ? [{ job: { ...one, id, queue }, deadId: one.id }] : [],
  );
  lives.sort((a, b) => (a.job.finishedAt ?? 0) - (b.job.finishedAt ?? 0));
  return [...lives, ...(job ? [{ job }] : [])];
}

function idBefore({ deathRecord }: JobView): string | undefined {
  const { id } = Object(deathRecord) as { readonly id?: unknown };
  return typeof id === 'string' ? id : undefined;
}

async function readTrace(redis: RedisSession, lives: readonly Life[], deadAfterMs: number): Promise<Trace> {
  const last = lives.at(-1) as Life;
  const { id, queue, state, kind } = last.job;
  const standing = await redis.traces.standing(queue, id);
  const { now } = standing;
  const isOver = last.deadId !== undefined || state === 'completed' || state === 'failed';
  // A job that has ended asks nothing of anybody.
  const [workers, leader] = isOver ? [[], undefined] : await Promise.all([readFleet(redis), readLeader(redis, now)]);
  const present = presentOf(last, standing, workers, deadAfterMs);
  const service = judgeFleet(workers, queue, kind, deadAfterMs);
  const next = decideNext({ ...present, service, hasLeader: leader !== undefined });
  return { ...last, now, moments: tellStory(lives, now), next };
}

async function readFleet({ fleet }: RedisSession): Promise<BeatingWorker[]> {
  return (await fleet.read()).flatMap(({ beat, ageMs }) => (beat ? [{ beat, ageMs }] : []));
}

function presentOf(
  { job, deadId }: Life,
  standing: JobStanding,
  workers: readonly BeatingWorker[],
  deadAfterMs: number,
): Omit<Present, 'service' | 'hasLeader'> {
  const { ahead, dueAt, parkedFor, lease, paused, concurrency, active, limitedForMs, children } = standing;
  return {
    state: deadId === undefined ? job.state : 'dead_lettered',
    delayedBy: job.attemptsMade > 0 ? 'backoff' : 'delay',
    children,
    paused,
    limitedForMs,
    ...tidy({ ahead, dueAt, parkedFor, willFail: job.willFail }),
    ...(lease && { runner: runnerOf(job, lease, standing.now, workers, deadAfterMs) }),
    ...(concurrency !== undefined && active >= concurrency && { fullAt: concurrency }),
  };
}

function runnerOf(
  { startedAt, progress }: JobView,
  { token, forMs: leaseForMs }: NonNullable<JobStanding['lease']>,
  now: number,
  workers: readonly BeatingWorker[],
  deadAfterMs: number,
): Runner {
  const worker = workerOfToken(token);
  const seen = workers.find(({ beat }) => beat.id === worker);
  const state = seen && (presence(seen.ageMs, deadAfterMs) ?? seen.beat.state);
  return {
    leaseForMs,
    ...tidy({ worker, state, blockedMs: seen?.beat.blockedMs, progress: progress === 0 ? undefined : progress }),
    ...(startedAt !== undefined && startedAt > 0 && { forMs: Math.max(0, now - startedAt) }),
  };
}

async function readAbsence({ traces }: RedisSession, id: string, queues: readonly string[]): Promise<string> {
  const clues = await Promise.all(
    queues.map(async (queue) => {
      const [events, oldestCompleted] = await Promise.all([traces.events(queue, id), traces.oldestCompleted(queue)]);
      return { queue, events, oldestCompleted };
    }),
  );
  return explainAbsence(clues);
}
