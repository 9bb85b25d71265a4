import { describe, expect, it } from 'vitest';
import { DeadLetterStore } from '../../../src/dead-letter/dead-letter-store.js';
import type { DeadLetterRecord } from '../../../src/dead-letter/record.js';
import type { EpochMs } from '../../../src/time/duration.js';
import type { NewJob } from '../../../src/transport/new-job-words.js';
import { orphan } from '../../support/orphan.js';
import { LeaseBench } from '../transport/lease-bench.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** Lets a job die in a queue of its own and gives the store that holds it. */
async function startWithDeadLetter(job: Partial<NewJob> = {}) {
  const bench = new LeaseBench(pool());
  const store = new DeadLetterStore(pool().client, pool().keyspace, bench.queue);
  const kill = async (newJob: Partial<NewJob>): Promise<string> => {
    const { id } = await bench.take('mine', newJob);
    const record = { reason: 'poison', queue: bench.queue, id, by: 'bench', error: { message: 'boom' } };
    await pool().admin.deadLetterOrphan(orphan(bench.queue, id, 'mine'), record as DeadLetterRecord);
    return id;
  };
  const id = await kill(job);
  return { bench, store, id, kill };
}

describe('redrive', () => {
  it('puts the job back under its id, with its payload and history, and its attempts start anew', async () => {
    const { bench, store, id } = await startWithDeadLetter({ enqueuedAt: 1_000 as EpochMs });
    await pool().client.hset(`${bench.dead['']}${id}`, {
      atm: 8,
      bwh: '[{"attempt":8,"error":{"message":"boom"}}]',
      bwp: 'newer_version',
    });
    await pool().client.rpush(`${bench.dead['']}${id}:logs`, 'line');
    await pool().client.del(bench.keys.marker);

    const reply = await store.redrive({ deadId: id, id }, { by: 'ada@host' });

    expect(reply.kind).toBe('redriven');
    expect(await store.count()).toBe(0);
    expect(await pool().client.keys(`${bench.dead['']}${id}*`)).toEqual([]);
    expect(await pool().client.lrange(`${bench.jobKey(id)}:logs`, 0, -1)).toEqual(['line']);
    const view = await pool().inspector.job(bench.queue, id);
    expect(view).toMatchObject({
      state: 'waiting',
      payload: { n: 1 },
      attemptsMade: 0,
      crashes: 0,
      crashHistory: [],
      failedReason: undefined,
      parkedFor: undefined,
      finishedAt: undefined,
      attempts: [{ attempt: 8 }],
    });
    // Whoever redrives a job wants it to run: an old one must not be refused for its age.
    expect(view?.enqueuedAt).toBeGreaterThan(Date.now() - 60_000);
    expect(await pool().client.zscore(bench.keys.marker, '0')).toBe('0');
    expect((await bench.events()).at(-1)).toMatchObject({ event: 'waiting', jobId: id, prev: 'failed' });
  });

  it('puts a job with a priority among its equals', async () => {
    const { bench, store, id } = await startWithDeadLetter({ priority: 7 });
    const earlier = await bench.add({ priority: 7 });

    await store.redrive({ deadId: id, id }, { by: 'ada@host' });

    expect(await pool().client.zrange(bench.keys.prioritized, '0', '-1')).toEqual([earlier, id]);
  });

  it('takes a payload in place of the one that failed, in the same step', async () => {
    const { bench, store, id } = await startWithDeadLetter();

    await store.redrive({ deadId: id, id }, { by: 'ada@host', dataJson: '{"n":2}' });

    expect(await pool().inspector.job(bench.queue, id)).toMatchObject({ payload: { n: 2 } });
  });

  it.each<[string, string | undefined, object[]]>([
    ['begins', undefined, []],
    ['goes on', '[{"at":1,"what":"parked"}]', [{ at: 1, what: 'parked' }]],
    ['begins anew after what is no trail', '{"at":1}', []],
    ['begins anew after what is not JSON', 'no json', []],
    ['begins anew after more than it can be', `["${'x'.repeat(20_000)}"]`, []],
    ['leaves out what is no entry', '[7,null,{"at":1,"what":"parked"}]', [{ at: 1, what: 'parked' }]],
    [
      'keeps the last twenty',
      JSON.stringify(Array.from({ length: 25 }, (_, at) => ({ at, what: 'parked' }))),
      Array.from({ length: 17 }, (_, n) => ({ at: n + 8, what: 'parked' })),
    ],
  ])('says in its trail who did it, which %s', async (_how, written, before) => {
    const { bench, store, id } = await startWithDeadLetter();
    if (written !== undefined) await pool().client.hset(`${bench.dead['']}${id}`, 'bwt', written);

    const reply = await store.redrive({ deadId: id, id }, { by: 'ada@host' });

    const at = reply.kind === 'redriven' ? reply.at : undefined;
    expect(JSON.parse((await pool().client.hget(bench.jobKey(id), 'bwt')) ?? '')).toEqual([
      ...before,
      expect.objectContaining({ what: 'crashed' }),
      expect.objectContaining({ what: 'dead_lettered' }),
      { at, what: 'redriven', by: 'ada@host' },
    ]);
  });

  it('is refused for a letter that died again since it was chosen, and writes nothing', async () => {
    const { store, id } = await startWithDeadLetter();
    const [chosen] = await store.summaries([id]);
    const before = await pool().dump();

    const reply = await store.redrive(
      { deadId: id, id, diedAt: ((chosen?.diedAt ?? 0) - 1) as EpochMs },
      { by: 'ada@host' },
    );

    expect(reply.kind).toBe('not_found');
    expect(await pool().dump()).toEqual(before);
    expect(await store.redrive({ deadId: id, id, ...chosen }, { by: 'ada@host' })).toMatchObject({ kind: 'redriven' });
  });

  it.each(['wait', 'marker', 'events', 'meta', 'prioritized', 'pc'] as const)(
    'breaks off before it writes when the key %s is of another type',
    async (part) => {
      const { bench, store, id } = await startWithDeadLetter();
      await pool().client.del(bench.keys[part]);
      await pool().client.set(bench.keys[part], 'somebody else');
      const before = await pool().dump();

      await expect(store.redrive({ deadId: id, id }, { by: 'ada@host' })).rejects.toThrow(/WRONGTYPE|not an integer/);

      expect(await pool().dump()).toEqual(before);
    },
  );

  it('is refused for what is not dead-lettered, and writes nothing', async () => {
    const { store } = await startWithDeadLetter();
    const before = await pool().dump();

    const reply = await store.redrive({ deadId: 'never-was', id: 'never-was' }, { by: 'ada@host' });

    expect(reply.kind).toBe('not_found');
    expect(await pool().dump()).toEqual(before);
  });

  it('is refused for an entry whose job is missing, and writes nothing', async () => {
    const { bench, store, id } = await startWithDeadLetter();
    await pool().client.del(`${bench.dead['']}${id}`);
    const before = await pool().dump();

    const reply = await store.redrive({ deadId: id, id }, { by: 'ada@host' });

    expect(reply.kind).toBe('not_found');
    expect(await pool().dump()).toEqual(before);
  });

  it('is refused while a job with this id is in the queue, and writes nothing', async () => {
    const { bench, store, id } = await startWithDeadLetter();
    await bench.add({ id });
    const before = await pool().dump();

    const reply = await store.redrive({ deadId: id, id }, { by: 'ada@host' });

    expect(reply.kind).toBe('id_taken');
    expect(await pool().dump()).toEqual(before);
  });

  it('lets exactly one of many win', async () => {
    const { store, id } = await startWithDeadLetter();

    const replies = await Promise.all(
      Array.from({ length: 5 }, () => store.redrive({ deadId: id, id }, { by: 'ada@host' })),
    );

    expect(replies.filter((reply) => reply.kind === 'redriven')).toHaveLength(1);
  });
});

describe('purge', () => {
  it('deletes the job and its logs', async () => {
    const { bench, store, id } = await startWithDeadLetter();
    await pool().client.rpush(`${bench.dead['']}${id}:logs`, 'line');

    expect(await store.purge({ deadId: id })).toBe('deleted');

    expect(await pool().client.keys(`${bench.dead['']}${id}*`)).toEqual([]);
    expect(await store.count()).toBe(0);
  });

  it('says so when there is nothing to delete, and writes nothing', async () => {
    const { store } = await startWithDeadLetter();
    const before = await pool().dump();

    expect(await store.purge({ deadId: 'never-was' })).toBe('not_found');

    expect(await pool().dump()).toEqual(before);
  });
});

describe('the outcomes of redriven jobs', () => {
  it('tell one that died again from one whose earlier death lies there', async () => {
    const { bench, store, id, kill } = await startWithDeadLetter({ id: 'twice' });
    await kill({ id });
    const [first] = await store.summaries([`${id}~1`]);
    const at = (first?.diedAt ?? 0) as EpochMs;

    const later = (at + 60_000) as EpochMs;
    const outcomes = await store.outcomes([
      { id, at },
      { id, at: later },
      { id: await bench.add(), at },
      { id: 'never-was', at },
    ]);

    expect(outcomes.map(({ state }) => state)).toEqual(['dead_lettered', 'gone', 'pending', 'gone']);
    expect(outcomes[0]).toMatchObject({ recordJson: expect.stringContaining('boom') });
  });

  it('tell how jobs ended in their queue', async () => {
    const { bench, store } = await startWithDeadLetter();
    const ended = (id: string, fields: object) =>
      pool().client.hset(bench.jobKey(id), { timestamp: 1, finishedOn: 2, ...fields });
    await ended('done', { returnvalue: '{}' });
    await ended('failed', { failedReason: 'no ink' });

    expect(await store.outcomes(['done', 'failed'].map((id) => ({ id, at: 1 as EpochMs })))).toEqual([
      { state: 'completed' },
      { state: 'failed', message: 'no ink' },
    ]);
  });
});

describe('pages', () => {
  it.each(['oldest_first', 'newest_first'] as const)(
    'give every letter once, %s, also where many died in one millisecond',
    async (order) => {
      const { bench, store } = await startWithDeadLetter();
      const { client } = pool();
      await client.del(bench.dead.failed);
      const ids = Array.from({ length: 30 }, (_, n) => `l${String(n).padStart(2, '0')}`);
      for (const [n, id] of ids.entries()) {
        await client.hset(`${bench.dead['']}${id}`, 'name', 'echo');
        await client.zadd(bench.dead.failed, Math.floor(n / 7), id);
      }

      const seen: string[] = [];
      for await (const page of store.pages(order, 4)) seen.push(...page.map(({ deadId }) => deadId));

      expect(seen).toEqual(order === 'oldest_first' ? ids : [...ids].reverse());
    },
  );

  it('miss none while those that were seen leave, and wait for none that dies meanwhile', async () => {
    const { bench, store } = await startWithDeadLetter();
    const { client } = pool();
    await client.del(bench.dead.failed);
    for (let n = 0; n < 20; n++) {
      await client.hset(`${bench.dead['']}l${n}`, 'name', 'echo');
      await client.zadd(bench.dead.failed, n + 1, `l${n}`);
    }

    const seen: string[] = [];
    for await (const page of store.pages('oldest_first', 3)) {
      for (const { deadId } of page) {
        seen.push(deadId);
        await store.purge({ deadId });
        await client.hset(`${bench.dead['']}again-${deadId}`, 'name', 'echo');
        await client.zadd(bench.dead.failed, 1_000, `again-${deadId}`);
      }
    }

    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => `l${n}`));
  });

  it('go on past an entry whose job is missing, and show one whose record cannot be read', async () => {
    const { bench, store, id, kill } = await startWithDeadLetter();
    const unreadable = await kill({});
    await pool().client.hset(`${bench.dead['']}${unreadable}`, 'bwd', 'no json');
    await pool().client.hset(`${bench.dead['']}${id}`, 'opts', 'null');
    await pool().client.zadd(bench.dead.failed, 1, 'missing');

    const seen = new Map<string, string>();
    for await (const page of store.pages('oldest_first', 10)) {
      for (const { deadId, reason } of page) seen.set(deadId, reason);
    }

    expect(seen).toEqual(
      new Map([
        [id, 'poison'],
        [unreadable, 'unknown'],
      ]),
    );
    expect(await store.get('missing')).toBeUndefined();
  });
});
