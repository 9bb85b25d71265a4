import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/index.js';
import { ceilingOf } from '../../../src/shedding/levels.js';
import { ShedStore } from '../../../src/shedding/shed-store.js';
import type { DurationMs } from '../../../src/time/duration.js';
import { eventually } from '../../support/eventually.js';
import { shedDirective } from '../../support/shed-directive.js';
import { startPool, type TestPool } from '../worker-pool/test-pool.js';

const prompt = { leaseMs: 600, renewMs: 100, sampleMs: 100, sweepMs: 100 } as const;
const order = { target: 'sheddable_plus', by: 'ada@host', why: 'the database is being moved' } as const;
const forAWhile = 60_000 as DurationMs;

const storeOf = (pool: TestPool) => new ShedStore(pool.client, pool.keyspace);
const heard = (
  pool: TestPool,
  what: string,
  isIt: (directive: NonNullable<Awaited<ReturnType<ShedStore['directive']>>>) => boolean,
) =>
  eventually(what, async () => {
    const directive = await storeOf(pool).directive();
    return directive !== undefined && isIt(directive) ? directive : undefined;
  });

describe('the leader', () => {
  it('says every second that nothing is shed, while nothing is, and Redis forgets that within ten seconds', async () => {
    const pool = await startPool();
    await pool.supervisor({ supervisor: prompt });

    const first = await heard(pool, 'it says something', () => true);
    const later = await heard(pool, 'it says more', ({ seq }) => seq > first.seq);

    expect(later).toMatchObject({ share: 0, cut: 0, gates: {}, memoryShort: [] });
    const ttlMs = await pool.client.pttl(pool.keyspace.shedDirective);
    expect(ttlMs).toBeGreaterThan(0);
    expect(ttlMs).toBeLessThanOrEqual(10_000);
  });

  it('does what an operator orders, and lets the queues come back slowly when that ends', async () => {
    const pool = await startPool();
    const [bulk, pay] = [pool.queue({ criticality: 'sheddable' }), pool.queue({ criticality: 'critical' })];
    const job = defineJob({ kind: 'index', queue: bulk, payload: z.object({}), run: () => 'done' });
    const payJob = defineJob({ kind: 'pay', queue: pay, payload: z.object({}), run: () => 'paid' });
    const producer = pool.producer();
    const enqueued = await producer.enqueue(job, {});
    await storeOf(pool).giveOrder(order, forAWhile);
    await pool.supervisor({ supervisor: prompt });

    const shed = await heard(pool, 'it is shut', ({ gates }) => gates[bulk.name] === 0);
    await pool.worker([job, payJob]);
    await producer.wait(await producer.enqueue(payJob, {}));
    const stateWhileShed = (await pool.inspector.job(bulk.name, enqueued.id))?.state;
    await storeOf(pool).releaseOrder();

    expect(shed).toMatchObject({ cut: ceilingOf('sheddable_plus'), reason: 'operator' });
    expect(stateWhileShed).toBe('waiting');
    expect(await producer.wait(enqueued)).toBe('done');
  }, 20_000);

  it('brings parked jobs back long before they are due, when nothing is shed any more', async () => {
    const pool = await startPool();
    const bulk = pool.queue({ criticality: 'sheddable' });
    const job = defineJob({ kind: 'index', queue: bulk, payload: z.object({}), run: () => 'done' });
    await pool.client.set(
      pool.keyspace.shedDirective,
      JSON.stringify(shedDirective({ share: 0.4, cut: ceilingOf('sheddable') })),
      'PX',
      60_000,
    );
    const producer = pool.producer();
    const enqueued = await producer.enqueue(job, {});
    await pool.worker([job]);
    await eventually(
      'it is parked',
      async () => (await pool.inspector.job(bulk.name, enqueued.id))?.state === 'delayed',
    );

    await pool.client.del(pool.keyspace.shedDirective);
    await pool.supervisor({ supervisor: prompt });
    const result = await producer.wait(enqueued, { timeout: '20s' });

    expect(result).toBe('done');
    expect((await pool.inspector.job(bulk.name, enqueued.id))?.trail).toContainEqual(
      expect.objectContaining({ what: 'parked', reason: 'shed', returned: expect.any(Number) }),
    );
  }, 30_000);

  it('has a queue refuse new jobs while as many wait as it may hold', async () => {
    const pool = await startPool();
    const narrow = pool.queue({ criticality: 'critical', maxWaiting: 2 });
    const job = defineJob({ kind: 'index', queue: narrow, payload: z.object({}), run: () => 'done' });
    const producer = pool.producer();
    await producer.enqueueMany(job, [{}, {}]);
    await pool.supervisor({ supervisor: prompt });

    await heard(pool, 'it is full', ({ full }) => full.includes(narrow.name));
    const refused = await pool
      .producer()
      .enqueue(job, {})
      .catch((error: unknown) => error);
    await pool.worker([job]);
    await heard(pool, 'there is room again', ({ full }) => full.length === 0);

    expect(refused).toMatchObject({ code: 'BULWARK_ENQUEUE_SHED', reason: 'queue_full' });
    expect((await pool.producer().enqueue(job, {})).duplicate).toBe(false);
  }, 20_000);

  it('goes on where the leader before it stopped', async () => {
    const pool = await startPool();
    const bulk = pool.queue({ criticality: 'sheddable' });
    const job = defineJob({ kind: 'index', queue: bulk, payload: z.object({}), run: () => 'done' });
    await pool.producer().enqueue(job, {});
    await pool.client.set(
      pool.keyspace.shedDirective,
      JSON.stringify(shedDirective({ fence: 0, share: 0.4, cut: ceilingOf('sheddable'), gates: { [bulk.name]: 0 } })),
      'PX',
      60_000,
    );

    await pool.supervisor({ supervisor: prompt });
    const next = await heard(pool, 'it says something', ({ fence }) => fence > 0);

    expect(next.share).toBeGreaterThan(0.2);
    expect(next.gates).toHaveProperty(bulk.name);
  });

  it('is not heard when another one was elected', async () => {
    const pool = await startPool();
    await pool.client.hset(pool.keyspace.leader, { id: 'other', epoch: 7 });

    expect(await storeOf(pool).say(shedDirective({ fence: 6 }))).toBe('deposed');
    expect(await storeOf(pool).say(shedDirective({ fence: 7 }))).toBe('written');

    expect((await storeOf(pool).directive())?.fence).toBe(7);
  });
});
