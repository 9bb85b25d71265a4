import { describe, expect, it } from 'vitest';
import { type DoneStep, StepStore } from '../../../src/idempotency/step-store.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { LeaseBench } from '../transport/lease-bench.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** A job that is held under the token `mine`. */
async function startHeld() {
  const bench = new LeaseBench(pool());
  const job = await bench.take('mine');
  const store = new StepStore(pool().client, pool().keyspace, bench.queue);
  return { bench, job, store, hash: bench.jobKey(job.id), lock: `${bench.jobKey(job.id)}:lock` };
}

const stepOf = (name: string, json = '{"n":1}', begun?: string[]): DoneStep => ({
  entry: { name, at: 7 as EpochMs, ...(begun && { begun }) },
  json,
});

describe('a step that is saved', () => {
  it('lies in the job beside those before it, and is loaded as it was written', async () => {
    const { job, store, hash } = await startHeld();
    const steps = [stepOf('b', '"2"', ['c']), stepOf('a', ''), stepOf('c', '{"ü":[]}')];

    for (const step of steps) expect(await store.save(job, step)).toBe('remembered');

    expect(await store.load(job.id)).toEqual(steps);
    expect(await pool().client.hmget(hash, 'bws', 'bws:a', 'bws:b', 'bws:c')).toEqual([
      '[{"name":"b","at":7,"begun":["c"]},{"name":"a","at":7},{"name":"c","at":7}]',
      '',
      '"2"',
      '{"ü":[]}',
    ]);
  });

  it('is kept as it was when it is saved again', async () => {
    const { job, store } = await startHeld();
    await store.save(job, stepOf('a', '1'));

    expect(await store.save(job, stepOf('a', '2'))).toBe('remembered');
    expect(await store.load(job.id)).toEqual([stepOf('a', '1')]);
  });

  it.each<[string, string, (held: Awaited<ReturnType<typeof startHeld>>) => Promise<unknown>]>([
    ['by a run whose lease another holds', 'lease_lost', ({ lock }) => pool().client.set(lock, 'other')],
    ['while nobody holds the lease', 'later', ({ lock }) => pool().client.del(lock)],
    ['for a job that is gone', 'lease_lost', ({ hash }) => pool().client.del(hash)],
    ['into a list that is none', 'unreadable', ({ hash }) => pool().client.hset(hash, 'bws', 'none')],
  ])('is refused %s, and nothing is written', async (_what, reply, meddle) => {
    const held = await startHeld();
    await meddle(held);
    const before = await pool().dump();

    expect(await held.store.save(held.job, stepOf('a'))).toBe(reply);
    expect(await pool().dump()).toEqual(before);
  });

  it('writes nothing while the memory of Redis is full', async () => {
    const { job, store } = await startHeld();
    await pool().client.config('SET', 'maxmemory', '1');

    const refused = await store.save(job, stepOf('a')).then(String, String);
    await pool().client.config('SET', 'maxmemory', '0');

    expect(refused).toMatch(/OOM/);
    expect(await store.load(job.id)).toEqual([]);
  });
});

describe('the steps of a job', () => {
  it('are none when it has done none, or is gone', async () => {
    const { job, store } = await startHeld();

    expect([await store.load(job.id), await store.load('never-was')]).toEqual([[], []]);
  });

  it.each<[string, Record<string, string>]>([
    ['is no JSON', { bws: '[' }],
    ['is no list', { bws: '{"name":"a"}' }],
    ['is a number', { bws: '7' }],
    ['holds what is no step', { bws: '[7]', 'bws:a': '1' }],
    ['holds a step without a name', { bws: '[{"at":1}]' }],
    ['names what began otherwise', { bws: '[{"name":"a","begun":"b"}]', 'bws:a': '1' }],
    ['names a step whose result is missing', { bws: '[{"name":"a"}]' }],
    ['names a step whose result is no JSON', { bws: '[{"name":"a"}]', 'bws:a': 'x' }],
    ['is longer than any', { bws: JSON.stringify(Array.from({ length: 1_001 }, () => ({ name: 'a' }))), 'bws:a': '1' }],
  ])('are refused when the list %s', async (_what, fields) => {
    const { job, store, hash } = await startHeld();
    await pool().client.hset(hash, fields);

    await expect(store.load(job.id)).rejects.toMatchObject({
      code: 'BULWARK_STEPS_UNREADABLE',
      message: expect.stringContaining(job.id),
    });
  });

  it('are all loaded when there are as many as there can be', async () => {
    const { job, store } = await startHeld();
    for (let n = 0; n < 1_000; n++) void store.save(job, stepOf(`s${n}`, String(n)));

    const steps = await store.load(job.id);

    expect(steps.map(({ json }) => json)).toEqual(Array.from({ length: 1_000 }, (_, n) => String(n)));
  });
});
