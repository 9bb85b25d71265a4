import { nearestWord } from '../../errors/suggestion.js';
import type { RedisSession } from '../redis-session.js';
import { UsageError } from '../usage-error.js';

/** The names of all groups, in order. */
export async function groupNames(redis: RedisSession): Promise<string[]> {
  return [...new Set([...(await redis.directory.list()).values()].map(({ group }) => group))].sort();
}

/**
 * Makes sure that queues belong to a group: a mistyped name must not look like a group that wants nothing.
 *
 * @throws UsageError naming the known ones.
 */
export async function requireGroup(redis: RedisSession, group: string): Promise<void> {
  const known = await groupNames(redis);
  if (known.includes(group)) return;
  const near = nearestWord(group, known);
  const there = known.length === 0 ? 'no process has told of a queue yet' : `there is ${known.join(', ')}`;
  throw new UsageError(`no queue belongs to a group ${group}${near ? `; did you mean ${near}?` : ''}; ${there}`);
}
