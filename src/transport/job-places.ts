import type { RedisClient } from '../redis/connection.js';
import { defineScript } from '../redis/define-script.js';
import type { Keyspace } from '../redis/keyspace.js';
import { queueKeys } from './queue-keys.js';

/** The states of a job that are places in Redis, in BullMQ's words. */
export const placeNames = [
  'wait',
  'paused',
  'active',
  'prioritized',
  'delayed',
  'waiting-children',
  'completed',
  'failed',
] as const;

export type PlaceName = (typeof placeNames)[number];

const letters: Readonly<Record<string, PlaceName>> = {
  w: 'wait',
  p: 'paused',
  a: 'active',
  r: 'prioritized',
  d: 'delayed',
  c: 'waiting-children',
  o: 'completed',
  f: 'failed',
};

/** Where one id is, at one moment. */
export interface JobPlaces {
  readonly id: string;
  /** Whether its key holds a job, or a hash of another kind. */
  readonly hash: 'none' | 'other' | 'job';
  readonly leased: boolean;
  /** Every place the id stands in; a place is named as often as the id stands there. */
  readonly places: readonly PlaceName[];
}

const hashKinds = ['none', 'other', 'job'] as const;

const jobPlacesScript = defineScript({
  file: new URL('./lua/job-places.lua', import.meta.url),
  keys: ['wait', 'paused', 'active', 'prioritized', 'delayed', 'waitingChildren', 'completed', 'failed'],
  args: ['base', 'ids'],
  reply: (raw) =>
    (raw as [number, number, string][]).map(([hash, leased, places]) => ({
      hash: hashKinds[hash] ?? 'none',
      leased: leased === 1,
      places: [...places].flatMap((letter) => letters[letter] ?? []),
    })),
});

/** Looks where ids are in one queue, all in the same moment: no job is between two places then. */
export async function readJobPlaces(
  client: RedisClient,
  keyspace: Keyspace,
  queue: string,
  ids: readonly string[],
): Promise<JobPlaces[]> {
  if (ids.length === 0) return [];
  const keys = queueKeys(keyspace, queue);
  const { wait, paused, active, prioritized, delayed, completed, failed } = keys;
  const found = await jobPlacesScript.run(
    client,
    { wait, paused, active, prioritized, delayed, waitingChildren: keys['waiting-children'], completed, failed },
    { base: keys[''], ids: JSON.stringify(ids) },
  );
  return found.map((place, index) => ({ id: ids[index] ?? '', ...place }));
}
