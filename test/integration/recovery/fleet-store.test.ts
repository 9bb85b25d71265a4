import { afterEach, describe, expect, it } from 'vitest';
import { FleetStore } from '../../../src/recovery/fleet-store.js';
import type { WorkerOrder } from '../../../src/recovery/order.js';
import { beatTtlMs } from '../../../src/recovery/worker-beat.js';
import { workerBeat } from '../../support/worker-beat.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const store = () => new FleetStore(pool().client, pool().keyspace);
afterEach(async () => {
  await pool().client.flushall();
});

describe('beat', () => {
  it('writes the beat and, when asked to, puts the worker on the list', async () => {
    await store().beat(workerBeat('a'), true);

    const [sighting] = await store().read();
    expect(sighting).toMatchObject({ id: 'a', beat: workerBeat('a') });
    expect(sighting?.ageMs).toBeLessThan(1_000);
  });

  it('leaves the list alone otherwise', async () => {
    await store().beat(workerBeat('a'), false);

    expect(await store().read()).toEqual([]);
  });

  it('is taken by a Redis whose memory is full, so that a full Redis is not taken for dead workers', async () => {
    await store().beat(workerBeat('a'), true);
    await pool().client.pexpire(pool().keyspace.worker('a'), 1_000);
    await pool().client.config('SET', 'maxmemory', '1');

    await store()
      .beat(workerBeat('a'), false)
      .finally(() => pool().client.config('SET', 'maxmemory', '0'));

    expect(await pool().client.pttl(pool().keyspace.worker('a'))).toBeGreaterThan(1_000);
  });
});

describe('fleet-read', () => {
  it('measures the age of a beat on the clock of Redis', async () => {
    await store().beat(workerBeat('a'), true);
    await pool().client.pexpire(pool().keyspace.worker('a'), beatTtlMs - 7_000);

    const [sighting] = await store().read();

    expect(sighting?.ageMs).toBeGreaterThanOrEqual(7_000);
    expect(sighting?.ageMs).toBeLessThan(8_000);
  });

  it('names a worker whose beat expired once more, and then forgets it', async () => {
    await store().beat(workerBeat('a'), true);
    await store().beat(workerBeat('b'), true);
    await pool().client.del(pool().keyspace.worker('a'));

    const first = await store().read();
    const second = await store().read();

    expect(first.find(({ id }) => id === 'a')).toEqual({ id: 'a', beat: undefined, ageMs: beatTtlMs });
    expect(second.map(({ id }) => id)).toEqual(['b']);
  });

  it('writes nothing while everybody beats', async () => {
    await store().beat(workerBeat('a'), true);
    const before = await pool().dump();

    await store().read();

    expect(await pool().dump()).toEqual(before);
  });

  it.each(['no json', '7', 'null', '{}'])('reads on past a beat that says %s', async (garbage) => {
    await store().beat(workerBeat('sound'), true);
    await pool().client.sadd(pool().keyspace.workers, 'odd');
    await pool().client.set(pool().keyspace.worker('odd'), garbage, 'PX', beatTtlMs);

    const sightings = await store().read();

    expect(sightings.find(({ id }) => id === 'sound')?.beat).toEqual(workerBeat('sound'));
  });
});

describe('farewell', () => {
  it('takes the worker off the list, and nobody else', async () => {
    await store().beat(workerBeat('a'), true);
    await store().beat(workerBeat('b'), true);

    await store().farewell('a');

    expect((await store().read()).map(({ id }) => id)).toEqual(['b']);
    expect(await pool().client.exists(pool().keyspace.worker('a'))).toBe(0);
  });

  it('is nothing for a worker that is not on it', async () => {
    await store().beat(workerBeat('b'), true);
    const before = await pool().dump();

    await store().farewell('a');

    expect(await pool().dump()).toEqual(before);
  });
});

describe('an order', () => {
  const isolate = (jobId: string): WorkerOrder => ({ kind: 'isolate', queue: 'email', jobId });
  const orders = (id: string) => pool().keyspace.orders(id);

  it('is heard with the next beat of that worker, once', async () => {
    await store().beat(workerBeat('a'), true);
    await store().beat(workerBeat('b'), true);

    expect(await store().order('a', { kind: 'quiet' })).toBe('given');

    expect(await store().beat(workerBeat('b'), false)).toEqual([]);
    expect(await store().beat(workerBeat('a'), false)).toEqual([{ kind: 'quiet' }]);
    expect(await store().beat(workerBeat('a'), false)).toEqual([]);
  });

  it('comes after those before it, at most a hundred with a beat', async () => {
    await store().beat(workerBeat('a'), true);
    const given = Array.from({ length: 130 }, (_, n) => isolate(`job-${n}`));
    for (const order of given) await store().order('a', order);

    expect(await store().beat(workerBeat('a'), false)).toEqual(given.slice(0, 100));
    expect(await store().beat(workerBeat('a'), false)).toEqual(given.slice(100));
  });

  it('is left alone by whoever else beats for the worker: the guard of a blocked one could not follow it', async () => {
    const own = store();
    await own.beat(workerBeat('a'), true);
    await store().order('a', { kind: 'drain' });

    await pool().client.set(pool().keyspace.worker('a'), JSON.stringify(workerBeat('a')), 'PX', beatTtlMs);

    expect(await own.beat(workerBeat('a'), false)).toEqual([{ kind: 'drain' }]);
  });

  it('leaves the beat readable', async () => {
    await store().beat(workerBeat('a'), true);
    await store().order('a', { kind: 'drain' });

    expect(await store().read()).toMatchObject([{ id: 'a', beat: workerBeat('a') }]);
  });

  it('is out of date after a minute', async () => {
    await store().beat(workerBeat('a'), true);

    await store().order('a', { kind: 'drain' });

    const left = await pool().client.pttl(orders('a'));
    expect(left).toBeGreaterThan(50_000);
    expect(left).toBeLessThanOrEqual(60_000);
  });

  it('is not given to a worker that nobody knows, or that has said farewell', async () => {
    await store().beat(workerBeat('a'), true);
    await store().order('a', { kind: 'quiet' });
    await store().farewell('a');

    expect(await store().order('a', { kind: 'quiet' })).toBe('worker_unknown');
    expect(await store().order('b', { kind: 'quiet' })).toBe('worker_unknown');

    expect(await pool().client.keys('*orders*')).toEqual([]);
  });

  it('is not given to a worker that has a thousand to take', async () => {
    await store().beat(workerBeat('a'), true);
    await pool().client.rpush(orders('a'), ...Array.from({ length: 1_000 }, () => '{"kind":"quiet"}'));

    expect(await store().order('a', { kind: 'quiet' })).toBe('too_many');

    expect(await pool().client.llen(orders('a'))).toBe(1_000);
  });

  it('that cannot be read is passed over', async () => {
    await store().beat(workerBeat('a'), true);
    await pool().client.rpush(orders('a'), 'no json', '{"kind":"explode"}', '{"kind":"quiet"}');

    expect(await store().beat(workerBeat('a'), false)).toEqual([{ kind: 'quiet' }]);
  });

  it('is given, and beats are taken, where somebody put something else in its place', async () => {
    await pool().client.hset(orders('a'), 'no', 'list');

    expect(await store().beat(workerBeat('a'), true)).toEqual([]);
    expect(await store().order('a', { kind: 'quiet' })).toBe('given');

    expect(await store().beat(workerBeat('a'), false)).toEqual([{ kind: 'quiet' }]);
  });
});
