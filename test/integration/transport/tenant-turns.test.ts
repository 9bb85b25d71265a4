import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadLetterStore } from '../../../src/dead-letter/dead-letter-store.js';
import type { DeadLetterRecord } from '../../../src/dead-letter/record.js';
import { readJobPlaces } from '../../../src/transport/job-places.js';
import { judgeJob } from '../../../src/transport/judge-job.js';
import { ParkedJobs } from '../../../src/transport/parked-jobs.js';
import type { JobEnd } from '../../../src/transport/work-calls.js';
import { TurnModel } from '../../support/turn-model.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();

/** How far a tenant that took less than its share may be ahead. */
const creditInSteps = 5;

/** Ids in the order in which they were made, so that the model breaks ties as Redis does. */
let made = 0;
const nextId = () => `j${String(++made).padStart(6, '0')}`;

const turnBench = () => new LeaseBench(pool(), undefined, 0);
const add = (bench: LeaseBench, share: string, delayMs = 0) => bench.add({ id: nextId(), share, delayMs });
const complete = (bench: LeaseBench, { id, token }: { readonly id: string; readonly token: string }) =>
  bench.calls.end({ kind: 'c', id, token, words: ['null', '/0/1000', ''] }, undefined);

/** Takes so many jobs, one by one, and says whose they were. */
async function serve(bench: LeaseBench, count: number): Promise<string[]> {
  const served: string[] = [];
  for (let n = 0; n < count; n++) {
    const [job] = (await bench.calls.take([`t${n}`])).jobs;
    if (!job) break;
    served.push((await bench.field(job.id, 'bwo')) ?? '');
    await complete(bench, job);
  }
  return served;
}

const calledOff = { reason: 'cancelled', error: { message: 'called off' } } as DeadLetterRecord;

const turnsOf = (bench: LeaseBench) =>
  pool().client.zrange(pool().keyspace.turns(bench.queue), '0', '-1', 'WITHSCORES');

describe('the turns of tenants', () => {
  it('let a job start behind the first five of the flood of another tenant, and not behind all of it', async () => {
    const bench = turnBench();
    for (let n = 0; n < 20; n++) await add(bench, '1 flood');
    for (let n = 0; n < 7; n++) await add(bench, '1 acme');

    const served = (await serve(bench, 16)).map((share) => share.slice(2));

    const five = (tenant: string) => Array.from({ length: creditInSteps }, () => tenant);
    expect(served.slice(0, 10)).toEqual([...five('flood'), ...five('acme')]);
    expect(served.slice(10)).toEqual(['flood', 'acme', 'flood', 'acme', 'flood', 'flood']);
  });

  it('let those who have credit start in the order in which they came', async () => {
    const bench = turnBench();
    for (let n = 0; n < 30; n++) await add(bench, '1 flood');
    await serve(bench, 10);
    for (const tenant of ['a', 'a', 'b', 'a', 'c', 'b']) await add(bench, `1 ${tenant}`);

    expect(await serve(bench, 6)).toEqual(['1 a', '1 a', '1 b', '1 a', '1 c', '1 b']);
  });

  it('let a tenant that took less than its share have a few jobs done before the flood goes on, and no more', async () => {
    const bench = turnBench();
    for (let n = 0; n < 30; n++) await add(bench, '1 flood');
    await serve(bench, 10);
    for (let n = 0; n < 10; n++) await add(bench, '1 acme');

    const served = await serve(bench, 10);

    expect(served.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => '1 acme'));
    expect(served.slice(5).filter((share) => share === '1 flood').length).toBeGreaterThanOrEqual(2);
  });

  it.each<[string, string, (bench: LeaseBench, id: string) => Promise<unknown>]>([
    [
      'came back after it was set aside gives back one of those',
      'back:flood',
      async (bench, id) => {
        await bench.calls.end({ kind: 'p', id, token: 't', words: [60_000, 'shed'] }, undefined);
        await new ParkedJobs(pool().client, pool().keyspace).bringBack({ queue: bench.queue, reason: 'shed' }, 1, 1);
      },
    ],
    [
      'was given back by a worker gives none back',
      'none',
      (bench, id) => bench.calls.end({ kind: 'i', id, token: 't', words: ['shutdown'] }, undefined),
    ],
    ['waits for its first start gives back one of its tenant', 'new:flood', (bench) => add(bench, '1 flood')],
  ])('of the lanes are kept apart: a job that is called off and %s', async (_what, lane, comeBack) => {
    const bench = turnBench();
    for (let n = 0; n < 12; n++) await add(bench, '1 flood');
    const [taken] = (await bench.calls.take(['t'])).jobs;
    const id = taken?.id ?? '';
    const added = await comeBack(bench, id);
    const nextOf = async () => {
      const words = await turnsOf(bench);
      return Object.fromEntries(words.flatMap((name, at) => (at % 2 === 0 ? [[name, Number(words[at + 1])]] : [])));
    };
    const before = await nextOf();

    await pool().admin.cancel(bench.queue, typeof added === 'string' ? added : id, calledOff, false);

    const after = await nextOf();
    const given = Object.keys(before).filter((name) => after[name] !== before[name]);
    expect(given).toEqual(lane === 'none' ? [] : [lane]);
    for (const name of given) expect(after[name]).toBe((before[name] ?? 0) - 10_000);
  });

  it('are given back by jobs that are called off, so that nobody goes on behind what it does not want any more', async () => {
    const bench = turnBench();
    const flood: string[] = [];
    for (let n = 0; n < 50; n++) flood.push(await add(bench, '1 flood'));
    for (let n = 0; n < 20; n++) await add(bench, '1 acme');
    await add(bench, '1 other');
    for (const id of flood) await pool().admin.cancel(bench.queue, id, calledOff, false);
    await add(bench, '1 flood');

    expect((await serve(bench, 22)).indexOf('1 flood')).toBeLessThan(10);
  });

  it('come as often as the weight says', async () => {
    const bench = turnBench();
    for (let n = 0; n < 40; n++) {
      await add(bench, '1 acme');
      await add(bench, '3 big');
    }

    const served = await serve(bench, 40);

    expect(served.filter((share) => share === '3 big')).toHaveLength(30);
  });

  it('start over once nobody waits, and keep nothing of tenants whose turns are over', async () => {
    const bench = turnBench();
    for (let n = 0; n < 30; n++) await add(bench, `1 tenant-${n}`);
    await serve(bench, 30);
    await add(bench, '1 acme');
    const [one, ...others] = await turnsOf(bench);

    expect([one, ...others]).toEqual(['new:acme', String(2 ** 32 + 10_001), 'now', String(2 ** 32 + 50_002)]);
    expect(await pool().client.pttl(pool().keyspace.turns(bench.queue))).toBeGreaterThan(0);
  });

  it('forget tenants as time goes on, however many come by while somebody always waits', async () => {
    const bench = turnBench();
    await add(bench, '100 first');
    // A step of theirs is a hundred, and time goes on by one with each.
    for (let n = 0; n < 250; n++) {
      await add(bench, `100 tenant-${n}`);
      await serve(bench, 1);
    }

    expect((await turnsOf(bench)).length / 2).toBeLessThan(105);
  });

  it('are given to delayed jobs when they are due, so that a flood of them starves nobody', async () => {
    const bench = turnBench();
    for (let n = 0; n < 20; n++) await add(bench, '1 flood', 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await serve(bench, 1);
    await add(bench, '1 acme');

    expect(await serve(bench, creditInSteps)).toContain('1 acme');
  });

  it('let a job that was given back go first', async () => {
    const bench = turnBench();
    await add(bench, '1 flood');
    const [job] = (await bench.calls.take(['t'])).jobs;
    for (let n = 0; n < 3; n++) await add(bench, '1 acme');
    await bench.calls.end({ kind: 'i', id: job?.id ?? '', token: 't', words: ['shutdown'] }, undefined);

    expect(await serve(bench, 1)).toEqual(['1 flood']);
  });

  it('let jobs that were set aside come back before what their tenant enqueued since, with others in between', async () => {
    const bench = turnBench();
    for (let n = 0; n < 4; n++) await add(bench, '1 flood');
    const aside: string[] = [];
    for (let n = 0; n < 4; n++) {
      const [job] = (await bench.calls.take(['t'])).jobs;
      aside.push(job?.id ?? '');
      await bench.calls.end({ kind: 'p', id: job?.id ?? '', token: 't', words: [60_000, 'shed'] }, undefined);
    }
    for (let n = 0; n < 30; n++) await add(bench, n < 20 ? '1 flood' : '1 acme');
    await new ParkedJobs(pool().client, pool().keyspace).bringBack({ queue: bench.queue, reason: 'shed' }, 10, 1);

    const taken = (await bench.calls.take(Array.from({ length: 20 }, (_, n) => `t${n}`))).jobs.map(({ id }) => id);

    expect(taken).toEqual(expect.arrayContaining(aside));
    const shares = await Promise.all(taken.map((id) => bench.field(id, 'bwo')));
    expect(shares.filter((share) => share === '1 acme').length).toBeGreaterThanOrEqual(4);
  });

  it('are taken anew by a job that is redriven', async () => {
    const bench = turnBench();
    const id = await add(bench, '1 flood');
    await bench.calls.take(['t']);
    const words = ['{"reason":"permanent_error"}', '', 'boom', '[]', '', '', '', ''];
    await bench.calls.end({ kind: 'd', id, token: 't', words }, undefined);
    for (let n = 0; n < 8; n++) await add(bench, '1 flood');
    await add(bench, '1 acme');
    await new DeadLetterStore(pool().client, pool().keyspace, bench.queue).redrive({ deadId: id, id }, { by: 'test' });

    const served = (await bench.calls.take(Array.from({ length: 10 }, (_, n) => `t${n}`))).jobs.map((job) => job.id);

    expect(served.at(-1)).toBe(id);
  });

  it('are given to jobs with a key, too, once for each', async () => {
    const bench = turnBench();
    const keyed = { id: nextId(), share: '1 acme', fingerprint: 'f'.repeat(64) };
    await bench.add(keyed);
    await bench.add(keyed);
    await add(bench, '1 acme');

    expect(await pool().client.zcard(bench.keys.prioritized)).toBe(2);
    expect(await bench.field(keyed.id, 'bwo')).toBe('1 acme');
  });

  it('survive that somebody else writes in their place', async () => {
    const bench = turnBench();
    await add(bench, '1 acme');
    await pool().client.set(pool().keyspace.turns(bench.queue), 'mine');
    await add(bench, '1 acme');

    expect(await serve(bench, 9)).toHaveLength(2);
  });

  it('for any coming and going, are those of the model, and as fair as weights promise', async () => {
    const tenants = ['a', 'b', 'c', 'd'];
    const step = fc.oneof(
      fc.record({ tenant: fc.constantFrom(...tenants), count: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ serve: fc.integer({ min: 1, max: 10 }) }),
    );
    const weights = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: tenants.length, maxLength: tenants.length });

    await fc.assert(
      fc.asyncProperty(weights, fc.array(step, { minLength: 1, maxLength: 12 }), async (given, steps) => {
        const bench = turnBench();
        const model = new TurnModel();
        const weightOf = (tenant: string) => given[tenants.indexOf(tenant)] ?? 1;
        for (const each of steps) {
          if ('serve' in each) {
            const waiting = model.waiting();
            const served = await serve(bench, each.serve);

            expect(served).toEqual(model.serve(each.serve));
            // Of those who waited all of the time.
            const backlogged = tenants.filter((tenant) => waiting.has(tenant) && model.waiting().has(tenant));
            const shares = backlogged.map((tenant) => {
              const weight = weightOf(tenant);
              return { weight, got: served.filter((share) => share === `${weight} ${tenant}`).length / weight };
            });
            for (const one of shares) {
              for (const other of shares) {
                expect(Math.abs(one.got - other.got)).toBeLessThanOrEqual(
                  1 / one.weight + 1 / other.weight + creditInSteps + 0.01,
                );
              }
            }
          } else {
            for (let n = 0; n < each.count; n++) {
              const id = await add(bench, `${weightOf(each.tenant)} ${each.tenant}`);
              model.add(id, each.tenant, weightOf(each.tenant));
            }
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('lose no job, whatever becomes of it, with plain BullMQ beside', async () => {
    const ways = [
      'add',
      'add',
      'delay',
      'take',
      'take',
      'plain',
      'complete',
      'give back',
      'retry',
      'park',
      'bring back',
    ];
    const step = fc.record({ way: fc.constantFrom(...ways), tenant: fc.constantFrom('a', 'b', '') });

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const bench = turnBench();
        const parked = new ParkedJobs(pool().client, pool().keyspace);
        const ids: string[] = [];
        const running: { readonly id: string; readonly token: string }[] = [];
        const end = async (kind: JobEnd['kind'], words: JobEnd['words']) => {
          const job = running.shift();
          if (job) await bench.calls.end({ kind, ...job, words }, undefined);
        };
        for (const [index, { way, tenant }] of steps.entries()) {
          const token = `t${index}`;
          if (way === 'add' || way === 'delay') ids.push(await add(bench, `2 ${tenant}`, way === 'add' ? 0 : 1));
          if (way === 'take') for (const { id } of (await bench.calls.take([token])).jobs) running.push({ id, token });
          if (way === 'plain') {
            const [job, id] = await bench.backend.moveToActive(token);
            if (job) running.push({ id: String(id), token });
          }
          if (way === 'complete') await end('c', ['null', '/-1/1000', '']);
          if (way === 'give back') await end('i', []);
          if (way === 'retry') await end('y', [0, '', 1, '', '']);
          if (way === 'park') await end('p', [60_000, 'shed']);
          if (way === 'bring back') await parked.bringBack({ queue: bench.queue, reason: 'shed' }, 3, 1);
        }

        const places = await readJobPlaces(pool().client, pool().keyspace, bench.queue, ids);

        expect(places.filter((place) => judgeJob(place) !== undefined)).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});
