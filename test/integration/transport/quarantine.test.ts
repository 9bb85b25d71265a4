import { describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../src/time/duration.js';
import { takeSuspect } from '../../../src/transport/take-suspect.js';
import { eventually } from '../../support/eventually.js';
import { orphan } from '../../support/orphan.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();

const parkedKey = (bench: LeaseBench) => pool().keyspace.parked(bench.queue, 'quarantine');

/** A job that is set aside as a suspect. */
async function setAside(bench: LeaseBench, delayMs = 60_000): Promise<string> {
  const { id } = await bench.take('mine');
  expect(await pool().admin.quarantine(orphan(bench.queue, id, 'mine'), { delayMs: delayMs, spacingMs: 5_000 })).toBe(
    'done',
  );
  return id;
}

/** When a delayed job is due, in ms from now. */
async function dueIn(bench: LeaseBench, id: string): Promise<number> {
  return Number(await pool().client.zscore(bench.keys.delayed, id)) / 4096 - Date.now();
}

/** Takes it as the worker would that runs it alone. */
const take = (bench: LeaseBench, id: string, token = 'bw/alone/0') =>
  takeSuspect(
    {
      client: pool().client,
      keyspace: pool().keyspace,
      queue: bench.queue,
      worker: 'alone',
      leaseMs: 60_000,
      keepKeysMs: 60_000,
    },
    id,
    token,
  );

describe('quarantine', () => {
  it('sets the job aside until it is due, with its crash and without using up an attempt', async () => {
    const bench = new LeaseBench(pool());

    const id = await setAside(bench);

    expect(await pool().inspector.job(bench.queue, id)).toMatchObject({
      state: 'delayed',
      parkedFor: 'quarantine',
      attemptsMade: 0,
      crashes: 1,
      crashHistory: [{ how: 'exited', worker: 'w1' }],
    });
    expect(await dueIn(bench, id)).toBeGreaterThan(55_000);
    expect(await dueIn(bench, id)).toBeLessThan(65_000);
    expect(await pool().client.zrange(parkedKey(bench), '0', '-1')).toEqual([id]);
    expect(await pool().client.pttl(parkedKey(bench))).toBeGreaterThan(100_000);
    expect((await bench.events()).slice(-2)).toMatchObject([
      { event: 'stalled', jobId: id },
      { event: 'delayed', jobId: id },
    ]);
  });

  it('lets those that are set aside together come back five seconds apart', async () => {
    const bench = new LeaseBench(pool());

    const ids = [await setAside(bench), await setAside(bench), await setAside(bench)];

    const dues = await Promise.all(ids.map((id) => dueIn(bench, id)));
    expect((dues[1] ?? 0) - (dues[0] ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect((dues[2] ?? 0) - (dues[1] ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect(dues[2]).toBeLessThan(60_000 + 2 * 5_000 + 5_000);
  });

  it('lets nobody wait for those that have come back already', async () => {
    const bench = new LeaseBench(pool());
    const past = Array.from({ length: 50 }, (_, n) => [Date.now() - 1_000 - n, `back-${n}`] as const);
    await pool().client.zadd(parkedKey(bench), ...past.flat());

    const id = await setAside(bench);

    expect(await dueIn(bench, id)).toBeLessThan(65_000);
    expect(await pool().client.zrange(parkedKey(bench), '0', '-1')).toEqual([id]);
  });

  it('lets nobody wait for longer than an hour, however many are set aside', async () => {
    const bench = new LeaseBench(pool());
    const others = Array.from({ length: 2_000 }, (_, n) => [Date.now() + 600_000, `other-${n}`] as const);
    await pool().client.zadd(parkedKey(bench), ...others.flat());

    const id = await setAside(bench);

    expect(await dueIn(bench, id)).toBeLessThanOrEqual(3_600_000);
    expect(await dueIn(bench, id)).toBeGreaterThan(3_500_000);
  });

  it('lets workers that sleep know when it is due', async () => {
    const bench = new LeaseBench(pool());
    await pool().client.del(bench.keys.marker);

    const id = await setAside(bench);

    const marked = Number(await pool().client.zscore(bench.keys.marker, '1'));
    expect(marked).toBe(Math.floor(Number(await pool().client.zscore(bench.keys.delayed, id)) / 4096));
  });

  it('brings the job back by itself when nobody runs it alone', async () => {
    const bench = new LeaseBench(pool());
    const id = await setAside(bench, 20);

    const job = await eventually('it is back', async () => (await bench.calls.take(['again'])).jobs[0]);

    expect(job.id).toBe(id);
  });

  it('brings it back to its place by age: it has waited before', async () => {
    const bench = new LeaseBench(pool());
    const id = await setAside(bench, 20);
    const younger = await bench.add();
    await eventually('it is due', async () => (await dueIn(bench, id)) < -1);

    const { jobs } = await bench.calls.take(['first', 'second']);

    expect(jobs.map((job) => job.id)).toEqual([id, younger]);
    expect((await pool().inspector.job(bench.queue, id))?.parkedFor).toBeUndefined();
  });
});

describe('suspects', () => {
  it('names those that wait, with their kind, those that come back first in front, and writes nothing', async () => {
    const bench = new LeaseBench(pool());
    const [late, early] = [await setAside(bench, 90_000), await setAside(bench, 10_000)];
    const before = await pool().dump();

    expect(await pool().inspector.suspects(bench.queue, 10)).toEqual([
      { id: early, kind: 'test' },
      { id: late, kind: 'test' },
    ]);
    expect(await pool().inspector.suspects(bench.queue, 1)).toEqual([{ id: early, kind: 'test' }]);
    expect(await pool().dump()).toEqual(before);
  });

  it('names none that is due: it is on its way to the others', async () => {
    const bench = new LeaseBench(pool());
    const id = await setAside(bench);
    await pool().client.zadd(parkedKey(bench), Date.now() - 1, id);

    expect(await pool().inspector.suspects(bench.queue, 10)).toEqual([]);
  });

  it('names none of a paused queue: it would not give them', async () => {
    const bench = new LeaseBench(pool());
    await setAside(bench);

    await bench.backend.pause(true);
    expect(await pool().inspector.suspects(bench.queue, 10)).toEqual([]);
    await bench.backend.pause(false);

    expect(await pool().inspector.suspects(bench.queue, 10)).toHaveLength(1);
  });

  it('names the others, too, when one has no job, or what lies under its key is none', async () => {
    const bench = new LeaseBench(pool());
    const [gone, odd, sound] = [await setAside(bench), await setAside(bench), await setAside(bench)];
    await pool().client.del(bench.jobKey(gone), bench.jobKey(odd));
    await pool().client.set(bench.jobKey(odd), 'a string');

    expect(await pool().inspector.suspects(bench.queue, 10)).toEqual([
      { id: gone, kind: '' },
      { id: odd, kind: '' },
      { id: sound, kind: 'test' },
    ]);
  });
});

describe('take-suspect', () => {
  it('gives the job under a lease, as any other start', async () => {
    const bench = new LeaseBench(pool());
    const id = await setAside(bench);

    const job = await take(bench, id);

    expect(job).toMatchObject({ id, token: 'bw/alone/0', kind: 'test', dataJson: '{"n":1}', starts: 2 });
    expect(Math.abs((job?.startedAt ?? 0) - Date.now())).toBeLessThan(5_000);
    expect(await pool().inspector.job(bench.queue, id)).toMatchObject({ state: 'active', worker: 'alone', crashes: 1 });
    expect(await pool().client.get(`${bench.jobKey(id)}:lock`)).toBe('bw/alone/0');
    expect(await pool().client.pttl(`${bench.jobKey(id)}:lock`)).toBeGreaterThan(50_000);
    expect(await pool().client.zcard(bench.keys.delayed)).toBe(0);
    expect(await pool().client.exists(parkedKey(bench))).toBe(0);
    expect((await bench.events()).at(-1)).toMatchObject({ event: 'active', jobId: id });
  });

  it('gives a job once, however many ask', async () => {
    const bench = new LeaseBench(pool());
    const id = await setAside(bench);

    const taken = await Promise.all([0, 1, 2].map((n) => take(bench, id, `bw/alone/${n}`)));

    expect(taken.filter((job) => job !== undefined)).toHaveLength(1);
    expect(await pool().client.lrange(bench.keys.active, 0, -1)).toEqual([id]);
  });

  it.each<[string, (bench: LeaseBench, id: string) => Promise<unknown>]>([
    ['was never set aside', (bench, id) => pool().client.zrem(parkedKey(bench), id)],
    ['is there no more', (bench, id) => pool().client.del(parkedKey(bench), bench.keys.delayed, bench.jobKey(id))],
    ['has come back to the others', (bench, id) => pool().client.zrem(bench.keys.delayed, id)],
    ['was called off', (bench, id) => pool().admin.cancel(bench.queue, id, letter(bench, id), false)],
    ['was purged', (bench) => pool().admin.purge(bench.queue)],
  ])('gives nothing when the job %s', async (_what, change) => {
    const bench = new LeaseBench(pool());
    const id = await setAside(bench);
    await change(bench, id);

    expect(await take(bench, id)).toBeUndefined();

    expect(await pool().client.exists(bench.keys.active, `${bench.jobKey(id)}:lock`)).toBe(0);
    expect(await pool().client.exists(parkedKey(bench))).toBe(0);
  });

  it('drops an id under which no job lies', async () => {
    const bench = new LeaseBench(pool());
    const id = await setAside(bench);
    await pool().client.del(bench.jobKey(id));
    await pool().client.set(bench.jobKey(id), 'a string');

    expect(await take(bench, id)).toBeUndefined();

    expect(await pool().client.exists(bench.keys.active, bench.keys.delayed, parkedKey(bench))).toBe(0);
  });

  it.each<[string, (bench: LeaseBench) => Promise<unknown>]>([
    ['is paused', (bench) => bench.backend.pause(true)],
    ['runs as many jobs as it may', (bench) => pool().client.hset(bench.keys.meta, 'concurrency', 0)],
    [
      'has started as many as it may',
      async (bench) => {
        await pool().client.hset(bench.keys.meta, { max: 1, duration: 60_000 });
        await pool().client.set(bench.keys.limiter, 1, 'PX', 60_000);
      },
    ],
  ])('leaves the job where it is while the queue %s, and writes nothing', async (_what, restrict) => {
    const bench = new LeaseBench(pool());
    const id = await setAside(bench);
    await restrict(bench);
    const before = await pool().dump();

    expect(await take(bench, id)).toBeUndefined();

    expect(await pool().dump()).toEqual(before);
  });

  it('counts as a start where the rate is limited', async () => {
    const bench = new LeaseBench(pool());
    const id = await setAside(bench);
    await pool().client.hset(bench.keys.meta, { max: 1, duration: 60_000 });

    expect(await take(bench, id)).toBeDefined();

    await bench.add();
    expect(await bench.calls.take(['other'])).toMatchObject({ jobs: [] });
    expect(await pool().client.pttl(bench.keys.limiter)).toBeGreaterThan(50_000);
  });
});

function letter(bench: LeaseBench, id: string) {
  return { reason: 'cancelled', queue: bench.queue, id, by: 'bench', error: { message: 'called off' } } as never;
}

describe('the place by age of a job that is put back', () => {
  const bornAt = (at: number) => ({ enqueuedAt: at as EpochMs });
  const waiting = async ({ keys }: LeaseBench) => (await pool().client.lrange(keys.wait, 0, -1)).reverse();
  const putBack = (bench: LeaseBench, id: string) => pool().admin.recover(orphan(bench.queue, id, 'mine'));

  it('is in front of all that were enqueued after it, and behind those before', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine', bornAt(3_000));
    const [first, second] = [await bench.add(bornAt(1_000)), await bench.add(bornAt(2_000))];
    const [fourth, fifth] = [await bench.add(bornAt(4_000)), await bench.add(bornAt(5_000))];

    await putBack(bench, id);

    expect(await waiting(bench)).toEqual([first, second, id, fourth, fifth]);
  });

  it('is that in the order of all that are put back, in whatever order that happens', async () => {
    const bench = new LeaseBench(pool());
    const ids: string[] = [];
    for (const at of [1_000, 2_000, 3_000, 4_000]) ids.push((await bench.take('mine', bornAt(at))).id);
    const behind = await bench.add(bornAt(5_000));

    for (const index of [2, 0, 3, 1]) await putBack(bench, ids[index] ?? '');

    expect(await waiting(bench)).toEqual([...ids, behind]);
  });

  it('is in front of its equals: it had its turn', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine', bornAt(1_000));
    const equal = await bench.add(bornAt(1_000));

    await putBack(bench, id);

    expect(await waiting(bench)).toEqual([id, equal]);
  });

  it('is in front of the others where a hundred older ones are before it: nobody looks for longer', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine', bornAt(10_000));
    const older: string[] = [];
    for (let n = 0; n < 150; n++) older.push(await bench.add(bornAt(1_000 + n)));

    await putBack(bench, id);

    expect(await waiting(bench)).toEqual([...older.slice(0, 100), id, ...older.slice(100)]);
  });

  it('is among the prioritized for a job with a priority, in front of its class', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine', { ...bornAt(3_000), priority: 5 });
    const plain = await bench.add(bornAt(1_000));
    const [urgent, equal] = [await bench.add({ priority: 4 }), await bench.add({ ...bornAt(1_000), priority: 5 })];

    await putBack(bench, id);

    expect(await waiting(bench)).toEqual([plain]);
    expect(await pool().client.zrange(bench.keys.prioritized, '0', '-1')).toEqual([urgent, id, equal]);
  });

  it.each(['never', ''])('is in front for a job whose age reads %j', async (timestamp) => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    const other = await bench.add(bornAt(1_000));
    await pool().client.hset(bench.jobKey(id), 'timestamp', timestamp);

    await putBack(bench, id);

    expect(await waiting(bench)).toEqual([id, other]);
  });

  it('moves nothing away that waits and is no job', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine', bornAt(2_000));
    await pool().client.rpush(bench.keys.wait, 'nothing', 'odd', '0:0');
    await pool().client.set(bench.jobKey('odd'), 'a string');

    await putBack(bench, id);

    expect(await waiting(bench)).toEqual(['0:0', 'odd', 'nothing', id]);
  });
});

describe('the history of crashes', () => {
  const crashesOf = async (bench: LeaseBench, id: string): Promise<unknown> =>
    JSON.parse((await bench.field(id, 'bwk')) ?? '');

  it('keeps the last ones, and what a process wrote only of the very last', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    for (const worker of ['w1', 'w2', 'w3', 'w4']) {
      await pool().admin.recover({ ...orphan(bench.queue, id, 'mine', { worker, lines: [worker] }), keepCrashes: 3 });
      await bench.calls.take(['mine']);
    }

    expect(await crashesOf(bench, id)).toEqual([
      { at: 1_000, how: 'exited', worker: 'w2' },
      { at: 1_000, how: 'exited', worker: 'w3' },
      { at: 1_000, how: 'exited', worker: 'w4', lines: ['w4'] },
    ]);
    expect(await bench.field(id, 'bwc')).toBe('4');
  });

  it('keeps a moment exactly as it was', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    const at = 1_795_239_091_406 as EpochMs;
    for (const _ of [1, 2]) {
      await pool().admin.recover(orphan(bench.queue, id, 'mine', { at }));
      await bench.calls.take(['mine']);
    }

    expect(await crashesOf(bench, id)).toMatchObject([{ at }, { at }]);
  });

  it('goes with a job into its dead letter, and not back when it is redriven', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    const letters = pool().deadLetters({ name: bench.queue } as never);

    await pool().admin.deadLetterOrphan(orphan(bench.queue, id, 'mine', { signal: 'SIGSEGV' }), {
      ...(letter(bench, id) as object),
      reason: 'poison',
    } as never);

    expect(await letters.get(id)).toMatchObject({ crashes: 1, crashHistory: [{ how: 'exited', signal: 'SIGSEGV' }] });
    await letters.redrive({ deadId: id, id }, { by: 'ada@host' });
    expect(await pool().inspector.job(bench.queue, id)).toMatchObject({ crashes: 0, crashHistory: [] });
  });

  it.each([
    ['no JSON', 'no json'],
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '7'],
    ['a text', '"text"'],
    ['an object', '{"a":1}'],
    ['a list of anything', '[null,7,"x",[]]'],
    ['a moment past all others', '[{"at":1e999}]'],
    ['deep brackets', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ])('loses no job whose history is %s', async (_what, garbage) => {
    for (const move of ['recover', 'quarantine', 'deadLetterOrphan'] as const) {
      const bench = new LeaseBench(pool());
      const { id } = await bench.take('mine');
      await pool().client.hset(bench.jobKey(id), { bwk: garbage, bwc: 'few' });
      const lost = orphan(bench.queue, id, 'mine');

      const reply =
        move === 'deadLetterOrphan'
          ? await pool().admin.deadLetterOrphan(lost, letter(bench, id))
          : move === 'quarantine'
            ? await pool().admin.quarantine(lost, { delayMs: 60_000, spacingMs: 5_000 })
            : await pool().admin.recover(lost);

      expect(reply).toBe('done');
      const { waiting, delayed, dead_lettered } = await pool().inspector.sample(bench.queue);
      expect(waiting + delayed + dead_lettered).toBe(1);
      const known =
        (await pool().inspector.job(bench.queue, id)) ??
        (await pool()
          .deadLetters({ name: bench.queue } as never)
          .get(id));
      expect(known).toMatchObject({ crashes: 1, crashHistory: [{ how: 'exited', worker: 'w1' }] });
    }
  });
});

describe('a key of another type', () => {
  const moves: Record<string, (bench: LeaseBench, id: string) => Promise<unknown>> = {
    recover: (bench, id) => pool().admin.recover(orphan(bench.queue, id, 'mine')),
    quarantine: (bench, id) =>
      pool().admin.quarantine(orphan(bench.queue, id, 'mine'), { delayMs: 60_000, spacingMs: 5_000 }),
    bury: (bench, id) => pool().admin.deadLetterOrphan(orphan(bench.queue, id, 'mine'), letter(bench, id)),
  };

  it.each([
    ['recover', 'wait', (bench: LeaseBench) => bench.keys.wait],
    ['recover', 'prioritized', (bench: LeaseBench) => bench.keys.prioritized],
    ['recover', 'marker', (bench: LeaseBench) => bench.keys.marker],
    ['recover', 'stalled', (bench: LeaseBench) => bench.keys.stalled],
    ['quarantine', 'delayed', (bench: LeaseBench) => bench.keys.delayed],
    ['quarantine', 'the index', parkedKey],
    ['quarantine', 'events', (bench: LeaseBench) => bench.keys.events],
    ['bury', 'the dead letters', (bench: LeaseBench) => bench.dead.failed],
    ['bury', 'the events of the dead letters', (bench: LeaseBench) => bench.dead.events],
  ] as const)('breaks %s off while the job is in its place: %s', async (move, _name, keyOf) => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await pool().client.del(keyOf(bench));
    await pool().client.set(keyOf(bench), 'of another type');
    const before = await pool().dump();

    await expect(moves[move]?.(bench, id)).rejects.toThrow('WRONGTYPE');

    expect(await pool().dump()).toEqual(before);
    expect(await pool().client.lrange(bench.keys.active, 0, -1)).toEqual([id]);
  });

  it.each([
    ['active', (bench: LeaseBench) => bench.keys.active],
    ['events', (bench: LeaseBench) => bench.keys.events],
  ] as const)('leaves a suspect where it waits: %s', async (_name, keyOf) => {
    const bench = new LeaseBench(pool());
    const id = await setAside(bench);
    await pool().client.del(keyOf(bench));
    await pool().client.set(keyOf(bench), 'of another type');
    const before = await pool().dump();

    await expect(take(bench, id)).rejects.toThrow('WRONGTYPE');

    expect(await pool().dump()).toEqual(before);
  });
});
