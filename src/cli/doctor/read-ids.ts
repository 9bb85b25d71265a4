import type { RedisClient } from '../../redis/connection.js';
import type { Keyspace } from '../../redis/keyspace.js';
import { type PlaceName, placeNames } from '../../transport/job-places.js';
import { queueKeys } from '../../transport/queue-keys.js';

/** The ids that stand in the places of one queue, read page by page while work goes on. */
export interface QueueIds {
  /** How often each id was seen. A job that moves while we read may be seen twice or not at all. */
  readonly seen: ReadonlyMap<string, number>;
  readonly counts: Readonly<Record<PlaceName, number>>;
  /** False when there were more than the budget allows to look at. */
  readonly complete: boolean;
}

const lists: readonly PlaceName[] = ['wait', 'paused', 'active'];
const pageSize = 5_000;

/** Reads the places in the order in which jobs go through them, so that one that moves on is met again rather than missed. */
export async function readIds(
  client: RedisClient,
  keyspace: Keyspace,
  queue: string,
  maxIds: number,
): Promise<QueueIds> {
  const keys = queueKeys(keyspace, queue);
  const seen = new Map<string, number>();
  const counts = Object.fromEntries(placeNames.map((name) => [name, 0])) as Record<PlaceName, number>;
  let left = maxIds;
  for (const place of placeNames) {
    for (let from = 0; ; from += pageSize) {
      const to = from + pageSize - 1;
      const page = lists.includes(place)
        ? await client.lrange(keys[place], from, to)
        : await client.zrange(keys[place], `${from}`, `${to}`);
      left -= page.length;
      if (left < 0) return { seen, counts, complete: false };
      counts[place] += page.length;
      for (const id of page) seen.set(id, (seen.get(id) ?? 0) + 1);
      if (page.length < pageSize) break;
    }
  }
  return { seen, counts, complete: true };
}
