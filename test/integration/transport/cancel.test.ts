import { describe, expect, it } from 'vitest';
import type { DeadLetterRecord } from '../../../src/dead-letter/record.js';
import { orphan } from '../../support/orphan.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();

const letters = (bench: LeaseBench) => pool().deadLetters({ name: bench.queue } as never);

function cancel(bench: LeaseBench, id: string, dry = false) {
  const record = { reason: 'cancelled', queue: bench.queue, id, by: 'cli', error: { message: 'called off' } };
  return pool().admin.cancel(bench.queue, id, record as DeadLetterRecord, dry);
}

const makeChild = (bench: LeaseBench, id: string) =>
  pool().client.hset(bench.jobKey(id), { parentKey: 'q:1', parent: '{"id":"1","queueKey":"q"}' });

/** Every place from which a job can be called off. */
const places: readonly [what: string, put: (bench: LeaseBench) => Promise<string>, from: string][] = [
  ['waits', (bench) => bench.add(), 'waiting'],
  ['waits among the prioritized', (bench) => bench.add({ priority: 5 }), 'waiting'],
  ['is delayed', (bench) => bench.add({ delayMs: 60_000 }), 'delayed'],
  [
    'is set aside as a suspect',
    async (bench) => {
      const { id } = await bench.take('mine');
      await pool().admin.quarantine(orphan(bench.queue, id, 'mine'), { delayMs: 60_000, spacingMs: 5_000 });
      return id;
    },
    'delayed',
  ],
];

describe.each(places)('cancel of a job that %s', (_what, put, from) => {
  it('dead-letters it, and leaves nothing of it behind', async () => {
    const bench = new LeaseBench(pool());
    const id = await put(bench);

    expect(await cancel(bench, id)).toEqual({ kind: 'cancelled' });

    expect(await letters(bench).get(id)).toMatchObject({
      id,
      reason: 'cancelled',
      by: 'cli',
      payload: { n: 1 },
      attempts: [],
      error: { message: 'called off' },
    });
    const {
      dead_lettered,
      paused: _paused,
      oldestReadyAt: _oldest,
      added: _added,
      dueSoon: _due,
      ...rest
    } = await pool().inspector.sample(bench.queue);
    expect(dead_lettered).toBe(1);
    expect(Object.values(rest).every((count) => count === 0)).toBe(true);
    expect(await pool().client.exists(pool().keyspace.parked(bench.queue, 'quarantine'))).toBe(0);
    expect((await bench.events()).at(-1)).toMatchObject({ event: 'failed', jobId: id, prev: from });
  });

  it('can be rehearsed, and writes nothing then', async () => {
    const bench = new LeaseBench(pool());
    const id = await put(bench);
    const before = await pool().dump();

    expect(await cancel(bench, id, true)).toEqual({ kind: 'cancelled' });

    expect(await pool().dump()).toEqual(before);
  });

  it('marks it to fail, and lets it start at once, when it is the child of a flow: its parent is to be told', async () => {
    const bench = new LeaseBench(pool());
    const id = await put(bench);
    await makeChild(bench, id);

    expect(await cancel(bench, id, true)).toEqual({ kind: 'marked' });
    expect(await bench.field(id, 'defa')).toBeNull();
    expect(await cancel(bench, id)).toEqual({ kind: 'marked' });

    expect((await bench.calls.take(['mine'])).jobs).toMatchObject([{ id, deferredFailure: 'called off' }]);
    expect(await pool().client.exists(pool().keyspace.parked(bench.queue, 'quarantine'))).toBe(0);
  });

  it('is refused for the run of a job scheduler, which nobody would plan anew', async () => {
    const bench = new LeaseBench(pool());
    const id = await put(bench);
    await pool().client.hset(bench.jobKey(id), 'rjk', 'every-day');
    const before = await pool().dump();

    expect(await cancel(bench, id)).toEqual({ kind: 'scheduled' });

    expect(await pool().dump()).toEqual(before);
  });
});

describe('cancel', () => {
  it('says who holds the lease of a job that runs, and writes nothing', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('bw/w1/7');
    const before = await pool().dump();

    expect(await cancel(bench, id)).toEqual({ kind: 'running', token: 'bw/w1/7' });

    expect(await pool().dump()).toEqual(before);
  });

  it.each<[string, (bench: LeaseBench, id: string) => Promise<unknown>]>([
    ['nobody holds', (bench, id) => pool().client.del(`${bench.jobKey(id)}:lock`)],
    [
      'has something else for a lease',
      async (bench, id) => {
        await pool().client.del(`${bench.jobKey(id)}:lock`);
        await pool().client.hset(`${bench.jobKey(id)}:lock`, 'no', 'token');
      },
    ],
  ])('names no token for a running job that %s', async (_what, lose) => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('bw/w1/7');
    await lose(bench, id);

    expect(await cancel(bench, id)).toEqual({ kind: 'running', token: '' });
  });

  it.each<[string, (bench: LeaseBench) => Promise<string>]>([
    ['is not there', async () => 'nothing'],
    [
      'is no job',
      async (bench) => {
        await pool().client.set(bench.jobKey('odd'), 'a string');
        return 'odd';
      },
    ],
  ])('finds no job that %s', async (_what, put) => {
    const bench = new LeaseBench(pool());

    expect(await cancel(bench, await put(bench))).toEqual({ kind: 'not_found' });
  });

  it.each<[string, (bench: LeaseBench, id: string) => Promise<unknown>]>([
    [
      'has completed',
      (bench, id) => bench.calls.end({ kind: 'c', id, token: 'mine', words: ['{}', '/-1/1000', ''] }, undefined),
    ],
    [
      'waits for its children',
      async (bench, id) => {
        await pool().client.lrem(bench.keys.active, 0, id);
        await pool().client.zadd(bench.keys['waiting-children'], 1, id);
      },
    ],
  ])('leaves a job alone that %s', async (_what, move) => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await move(bench, id);
    const before = await pool().dump();

    expect(await cancel(bench, id)).toEqual({ kind: 'not_waiting' });

    expect(await pool().dump()).toEqual(before);
  });

  it('keeps an earlier death of the same id', async () => {
    const bench = new LeaseBench(pool());
    await bench.add({ id: 'same', payloadJson: '"one"' });
    await cancel(bench, 'same');
    await bench.add({ id: 'same', payloadJson: '"two"' });

    await cancel(bench, 'same');

    expect(await letters(bench).get('same')).toMatchObject({ payload: 'two' });
    expect(await letters(bench).get('same~1')).toMatchObject({ payload: 'one' });
  });

  it('can be taken back: the job is redriven', async () => {
    const bench = new LeaseBench(pool());
    const id = await bench.add();
    await cancel(bench, id);

    expect(await letters(bench).redrive({ deadId: id, id }, { by: 'ada@host' })).toMatchObject({ kind: 'redriven' });

    expect((await bench.calls.take(['mine'])).jobs).toMatchObject([{ id }]);
  });

  it('is done once, or finds the job running, when it is taken at the same moment', async () => {
    const bench = new LeaseBench(pool());
    for (let round = 0; round < 20; round++) {
      const id = await bench.add();

      const [reply, { jobs }] = await Promise.all([cancel(bench, id), bench.calls.take([`bw/w1/${round}`])]);

      if (jobs.length === 0) expect(reply).toEqual({ kind: 'cancelled' });
      else expect(reply).toEqual({ kind: 'running', token: `bw/w1/${round}` });
    }
  });

  it.each([
    ['the dead letters', (bench: LeaseBench) => bench.dead.failed],
    ['the events of the dead letters', (bench: LeaseBench) => bench.dead.events],
    ['the events', (bench: LeaseBench) => bench.keys.events],
    ['the marker', (bench: LeaseBench) => bench.keys.marker],
  ] as const)('breaks off while the job is in its place when a key is of another type: %s', async (_name, keyOf) => {
    const bench = new LeaseBench(pool());
    const id = await bench.add();
    await pool().client.del(keyOf(bench));
    await pool().client.set(keyOf(bench), 'of another type');
    const before = await pool().dump();

    await expect(cancel(bench, id)).rejects.toThrow('WRONGTYPE');

    expect(await pool().dump()).toEqual(before);
  });
});
