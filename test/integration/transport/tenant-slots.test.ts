import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTrail } from '../../../src/job/trail.js';
import { readJobPlaces } from '../../../src/transport/job-places.js';
import { judgeJob } from '../../../src/transport/judge-job.js';
import type { JobEnd } from '../../../src/transport/work-calls.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();
const mostSlots = 2;

const limitedBench = () => new LeaseBench(pool(), undefined, mostSlots);
const addFor = (bench: LeaseBench, tenant: string, id?: string) =>
  bench.add({ share: `1 ${tenant}`, ...(id !== undefined && { id }) });

async function take(bench: LeaseBench, tokens: readonly string[]): Promise<string[]> {
  return (await bench.calls.take(tokens)).jobs.map(({ id }) => id);
}

/** Ends a job and says which came in its place. */
async function complete(bench: LeaseBench, id: string, token: string, nextToken?: string): Promise<string[]> {
  const end: JobEnd = { kind: 'c', id, token, words: ['null', '/-1/1000', ''] };
  return (await bench.calls.end(end, nextToken)).jobs.map((job) => job.id);
}

const runsOf = (bench: LeaseBench) => pool().client.hgetall(pool().keyspace.tenantRuns(bench.queue));
const aside = (bench: LeaseBench, tenant: string) =>
  pool().client.zrange(pool().keyspace.awaitingSlotOf(bench.queue, tenant), '0', '-1');

describe('the slots of a tenant', () => {
  it('are not exceeded, and the slots of others stay theirs', async () => {
    const bench = limitedBench();
    for (const id of ['f1', 'f2', 'f3', 'f4']) await addFor(bench, 'flood', id);
    await addFor(bench, 'acme', 'a1');

    expect((await take(bench, ['t1', 't2', 't3', 't4'])).sort()).toEqual(['a1', 'f1', 'f2']);
    expect(await aside(bench, 'flood')).toEqual(['f3', 'f4']);
  });

  it('set aside without an attempt, and tell why', async () => {
    const bench = limitedBench();
    for (const id of ['1', '2', '3']) await addFor(bench, 'flood', id);

    await take(bench, ['t1', 't2', 't3']);

    expect(await bench.field('3', 'ats')).toBeNull();
    expect(await bench.field('3', 'bwp')).toBe('tenant_slots:flood');
    expect(parseTrail(await bench.field('3', 'bwt'))).toMatchObject([{ what: 'parked', reason: 'tenant_slots:flood' }]);
    expect(await pool().client.zcard(bench.keys.delayed)).toBe(1);
  });

  it('go to the oldest that waits for one as soon as a job of the tenant ends', async () => {
    const bench = limitedBench();
    for (const id of ['1', '2', '3', '4']) await addFor(bench, 'flood', id);
    await take(bench, ['t1', 't2', 't3', 't4']);

    expect(await complete(bench, '1', 't1', 't5')).toEqual(['3']);
    expect(await bench.field('3', 'bwp')).toBeNull();
    expect(await aside(bench, 'flood')).toEqual(['4']);
    expect(await runsOf(bench)).toMatchObject({ 'of:flood': '2' });
  });

  it.each([
    [999, 'with the end of one job', [['3'], []]],
    [1_000, 'with the end of the next one', [[], ['3']]],
  ])('go to who waits for one behind %i that came back by themselves %s', async (ahead, _when, brought) => {
    const bench = limitedBench();
    for (const id of ['1', '2', '3']) await addFor(bench, 'flood', id);
    await take(bench, ['t1', 't2', 't3']);
    const gone = Array.from({ length: ahead }, (_, n) => ['0', `gone-${n}`]).flat();
    await pool().client.zadd(pool().keyspace.awaitingSlotOf(bench.queue, 'flood'), ...gone);

    const ends = [await complete(bench, '1', 't1', 't4'), await complete(bench, '2', 't2', 't5')];

    expect(ends).toEqual(brought);
  });

  it('are counted anew when somebody who held one is gone', async () => {
    const bench = limitedBench();
    for (const id of ['1', '2', '3']) await addFor(bench, 'flood', id);
    await take(bench, ['t1', 't2']);
    await pool().client.lrem(bench.keys.active, 1, '1');

    expect(await take(bench, ['t3'])).toEqual([]);
    await pool().client.hset(pool().keyspace.tenantRuns(bench.queue), 'counted', 0);
    await addFor(bench, 'flood', '4');
    expect(await take(bench, ['t4'])).toEqual(['4']);
  });

  it('survive that somebody else writes in the place of the count', async () => {
    const bench = limitedBench();
    for (const id of ['1', '2', '3']) await addFor(bench, 'flood', id);
    await take(bench, ['t1', 't2']);
    await pool().client.set(pool().keyspace.tenantRuns(bench.queue), 'mine');
    await pool().client.set(pool().keyspace.awaitingSlotOf(bench.queue, 'flood'), 'mine');

    expect(await take(bench, ['t3'])).toEqual([]);
    expect(await complete(bench, '1', 't1', 't4')).toEqual(['3']);
  });

  it('keep no job among those that are due soon while others run, and each once nobody does', async () => {
    const bench = limitedBench();
    for (const id of ['1', '2', '3', '4', '5']) await addFor(bench, 'flood', id);
    await take(bench, ['t1', 't2', 't3', 't4', 't5']);
    await bench.add({ delayMs: 30_000 });
    const sample = () => pool().inspector.sample(bench.queue);

    expect(await sample()).toMatchObject({ dueSoon: 1, awaitingSlots: 3 });
    await complete(bench, '1', 't1', 't6');
    expect(await sample()).toMatchObject({ dueSoon: 1, awaitingSlots: 2 });

    await pool().client.del(bench.keys.active);
    expect(await sample()).toMatchObject({ dueSoon: 3, awaitingSlots: 2 });
  });

  it('are no business of jobs without a share', async () => {
    const bench = limitedBench();
    for (const id of ['1', '2', '3']) await bench.add({ id });

    expect(await take(bench, ['t1', 't2', 't3'])).toHaveLength(3);
  });

  it('for any coming and going, are never exceeded, and no job is lost', async () => {
    const ways = ['add', 'add', 'add', 'take', 'take', 'complete', 'give back', 'retry', 'crash', 'plain'];
    const step = fc.record({ way: fc.constantFrom(...ways), tenant: fc.constantFrom('a', 'b', '') });

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const bench = limitedBench();
        const ids: string[] = [];
        const running: { readonly id: string; readonly token: string; readonly tenant: string | null }[] = [];
        const start = async (id: string, token: string) => {
          running.push({ id, token, tenant: await bench.field(id, 'bwo') });
        };
        let plainTook = false;
        const end = async (kind: JobEnd['kind'], words: JobEnd['words']) => {
          const job = running.shift();
          if (job) await bench.calls.end({ kind, id: job.id, token: job.token, words }, undefined);
        };
        for (const [index, { way, tenant }] of steps.entries()) {
          const token = `t${index}`;
          if (way === 'add') ids.push(await addFor(bench, tenant));
          if (way === 'take') for (const id of await take(bench, [token])) await start(id, token);
          if (way === 'plain') {
            // It knows nothing of tenants, and may give one more than it may have.
            const [job, id] = await bench.backend.moveToActive(token);
            if (job) await start(String(id), token);
            plainTook ||= Boolean(job);
          }
          if (way === 'complete') await end('c', ['null', '/-1/1000', '']);
          if (way === 'give back') await end('i', []);
          if (way === 'retry') await end('y', [0, '', 1, '', '']);
          if (way === 'crash') {
            const job = running.shift();
            if (job) await pool().client.lmove(bench.keys.active, bench.keys.wait, 'RIGHT', 'LEFT');
          }
          if (!plainTook) {
            for (const each of ['1 a', '1 b', '1 ']) {
              expect(running.filter((job) => job.tenant === each).length).toBeLessThanOrEqual(mostSlots);
            }
          }
        }

        const places = await readJobPlaces(pool().client, pool().keyspace, bench.queue, ids);

        expect(places.filter((place) => judgeJob(place) !== undefined)).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});
