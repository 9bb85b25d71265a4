import { deadLetterQueue } from '../../redis/keyspace.js';
import type { JobView } from '../../transport/queue-inspector.js';
import type { RedisSession } from '../redis-session.js';
import type { Life } from './tell-life.js';

/** Of more earlier deaths of the same id, these are told. */
const earlierDeathsTold = 20;

/**
 * The deaths of an id in their order, and the job that has it now; empty when the queue knows neither. The id of an earlier death, `7~1`,
 * stands for that of its job.
 */
export async function readLives(redis: RedisSession, queue: string, id: string): Promise<Life[]> {
  const { inspector, traces } = redis;
  const dead = deadLetterQueue(queue);
  const [job, death] = await Promise.all([inspector.job(queue, id), inspector.job(dead, id)]);
  const before = death && idBefore(death);
  if (job === undefined && before !== undefined && isEarlierDeath(id, before)) return readLives(redis, queue, before);
  const others = await traces.earlierDeaths(queue, id, earlierDeathsTold);
  const earlier = await Promise.all(others.map((deadId) => inspector.job(dead, deadId)));
  // A job may have an id that only looks like that of an earlier death.
  const deaths = [...earlier.filter((one) => one && idBefore(one) === id), death].flatMap((one): Life[] =>
    one ? [{ job: { ...one, id, queue }, deadId: one.id }] : [],
  );
  deaths.sort((a, b) => (a.job.finishedAt ?? 0) - (b.job.finishedAt ?? 0));
  return [...deaths, ...(job ? [{ job }] : [])];
}

/** The id that a dead job had in its queue, as its record says. */
function idBefore({ deathRecord }: JobView): string | undefined {
  const { id } = Object(deathRecord) as { readonly id?: unknown };
  return typeof id === 'string' ? id : undefined;
}

function isEarlierDeath(deadId: string, id: string): boolean {
  return deadId.startsWith(`${id}~`) && /^\d+$/.test(deadId.slice(id.length + 1));
}
