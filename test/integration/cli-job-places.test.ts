import { expect, it } from 'vitest';
import { takeCensus } from '../../src/cli/doctor/take-census.js';
import { RedisSession } from '../../src/cli/redis-session.js';
import { defineQueue } from '../../src/job/define-queue.js';
import { type PlaceName, placeNames, readJobPlaces } from '../../src/transport/job-places.js';
import { useNamespace } from '../fixtures/cli/namespace.js';

const pool = useNamespace();

const look = (...ids: string[]) => readJobPlaces(pool().client, pool().keys, 'q', ids);
const putJob = (id: string) => pool().client.hset(pool().keys.queue('q', id), 'name', 'echo', 'timestamp', '1');
function putInto(place: PlaceName, id: string): Promise<unknown> {
  const { client, keys } = pool();
  const key = keys.queue('q', place);
  return ['wait', 'paused', 'active'].includes(place) ? client.rpush(key, id) : client.zadd(key, 1, id);
}

it.each(placeNames.map((name) => [name]))('sees a job in %s', async (place) => {
  await putJob('a');
  await putInto(place, 'a');

  expect(await look('a')).toEqual([{ id: 'a', hash: 'job', leased: false, places: [place] }]);
});

it('sees every place of an id, and a place twice when the id stands there twice', async () => {
  await putJob('a');
  for (const place of ['wait', 'wait', 'active', 'failed'] as const) await putInto(place, 'a');

  expect((await look('a'))[0]?.places).toEqual(['wait', 'wait', 'active', 'failed']);
});

it('tells jobs from other hashes and from what is none, and whether a lease is held', async () => {
  const { client, keys } = pool();
  await putJob('job');
  await client.set(`${keys.queue('q', 'job')}:lock`, 'token');
  await client.hset(keys.queue('q', 'other'), 'child', '1');
  await client.set(keys.queue('q', 'text'), 'x');

  expect((await look('job', 'other', 'text', 'nothing')).map(({ hash, leased }) => [hash, leased])).toEqual([
    ['job', true],
    ['other', false],
    ['none', false],
    ['none', false],
  ]);
});

it('accuses nobody of what a census on a small budget could not see', async () => {
  const { client, keys, url } = pool();
  const session = new RedisSession(client, keys, url);
  await session.directory.register([defineQueue({ name: 'q' })]);
  for (let index = 0; index < 30; index++) {
    await putJob(`${index}`);
    await putInto('wait', `${index}`);
  }

  const census = await takeCensus(session, { maxIds: 10, maxRounds: 0 });

  expect(census.complete).toBe(false);
  expect(census.accounts[0]).toMatchObject({ complete: false, faults: { lost: [], empty: [], twice: [] } });
});
