import { afterEach, describe, expect, it } from 'vitest';
import { FleetStore } from '../../../src/recovery/fleet-store.js';
import { FleetView } from '../../../src/recovery/fleet-view.js';
import { beatTtlMs } from '../../../src/recovery/worker-beat.js';
import type { Clock } from '../../../src/time/clock.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { workerBeat } from '../../support/worker-beat.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
afterEach(async () => {
  await pool().client.flushall();
});

/** A view on a clock that only the test moves. */
function openView() {
  const store = new FleetStore(pool().client, pool().keyspace);
  const time = { elapsed: 50_000 };
  const clock: Clock = { now: () => 0 as EpochMs, elapsed: () => time.elapsed };
  const beat = (id: string, connection?: number) =>
    store.beat(workerBeat(id, connection === undefined ? {} : { connection }), true);
  return { store, view: new FleetView(store, clock), beat, time };
}

const idsOf = (workers: readonly { readonly id: string }[]) => workers.map(({ id }) => id).sort();

describe('a reading of the fleet', () => {
  it('says of every worker which connection it has, in which state it is and when it gave its last sign of life', async () => {
    const { view, beat, time } = openView();
    await beat('a', 12);
    await pool().client.pexpire(pool().keyspace.worker('a'), beatTtlMs - 7_000);

    const { at, workers } = await view.read(0);

    expect(at).toBe(time.elapsed);
    expect(workers).toEqual([
      { id: 'a', connection: 12, state: 'running', aliveAt: expect.closeTo(time.elapsed - 7_000, -3) },
    ]);
  });

  it('holds a fleet of several pages, each worker once', async () => {
    const { view, beat } = openView();
    const ids = Array.from({ length: 1_300 }, (_, index) => `w${index}`);
    await Promise.all(ids.map((id) => beat(id)));

    const { workers } = await view.read(0);

    expect(idsOf(workers)).toEqual(ids.sort());
  });

  it('is shared for as long as it is fresh enough for who asks', async () => {
    const { view, time } = openView();
    const first = await view.read(0);

    time.elapsed += 100;

    expect(await view.read(101)).toBe(first);
    expect(await view.read(100)).not.toBe(first);
  });

  it('is shared while it is under way, and not when it failed', async () => {
    const { view } = openView();
    await pool().client.set(pool().keyspace.workers, 'a string');
    const [first, second] = [view.read(100), view.read(100)];

    expect(second).toBe(first);
    await expect(first).rejects.toThrow('WRONGTYPE');
    await pool().client.del(pool().keyspace.workers);
    expect((await view.read(100)).workers).toEqual([]);
  });

  it('knows the new connection of a worker that connected again', async () => {
    const { view, beat } = openView();
    await beat('a', 12);
    await view.read(0);

    await beat('a', 13);

    expect((await view.read(0)).workers).toMatchObject([{ id: 'a', connection: 13 }]);
  });
});

describe('newcomers', () => {
  it('are those that came to the list since the last reading', async () => {
    const { view, beat } = openView();
    await beat('a', 1);
    await view.read(0);
    await beat('b', 2);

    expect(await view.newcomers()).toMatchObject([{ id: 'b', connection: 2, state: 'running' }]);
    await view.read(0);
    expect(await view.newcomers()).toEqual([]);
  });
});
