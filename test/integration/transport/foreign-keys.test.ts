import { describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../src/time/duration.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();

const result = ['{"done":true}', '/-1/1000', ''] as const;
const letter = ['{"reason":"permanent_error"}', '', 'boom', '[]', '', '', '', ''] as const;

describe('a key of another type beside the jobs that end in one call', () => {
  it('as the children of one job, lets all of them complete', async () => {
    const bench = new LeaseBench(pool());
    const jobs = [await bench.take('t1'), await bench.take('t2'), await bench.take('t3')];
    await pool().client.set(`${bench.jobKey(jobs[1]?.id ?? '')}:dependencies`, 'no set');

    const ended = await Promise.all(
      jobs.map(({ id, token }) => bench.calls.end({ kind: 'c', id, token, words: [...result] }, undefined)),
    );

    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await pool().client.zcard(bench.keys.completed)).toBe(3);
    expect(await pool().client.llen(bench.keys.active)).toBe(0);
  });

  it('as the dead-letter set, keeps the job that should go there in its place and completes the others', async () => {
    const bench = new LeaseBench(pool());
    const [first, second, third] = [await bench.take('t1'), await bench.take('t2'), await bench.take('t3')];
    await pool().client.set(bench.dead.failed, 'no set');

    const ended = await Promise.all([
      bench.calls.end({ kind: 'c', id: first.id, token: 't1', words: [...result] }, undefined),
      bench.calls.end({ kind: 'd', id: second.id, token: 't2', words: [...letter] }, undefined),
      bench.calls.end({ kind: 'c', id: third.id, token: 't3', words: [...result] }, undefined),
    ]);

    expect(ended.map(({ code }) => code)).toEqual([0, -101, 0]);
    expect(await pool().client.lrange(bench.keys.active, 0, -1)).toEqual([second.id]);
    expect(await pool().client.get(`${bench.jobKey(second.id)}:lock`)).toBe('t2');
    expect(await pool().client.zcard(bench.keys.completed)).toBe(2);
    await pool().client.del(bench.dead.failed);
    expect(
      await bench.calls.end({ kind: 'd', id: second.id, token: 't2', words: [...letter] }, undefined),
    ).toMatchObject({ code: 0 });
    expect(await pool().client.zrange(bench.dead.failed, '0', '-1')).toEqual([second.id]);
  });

  it('as the deduplication key, does not hold up the death of the job', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('t1');
    await pool().client.hset(bench.jobKey(id), 'deid', 'twin');
    await pool().client.hset(`${bench.keys['']}de:twin`, 'no', 'string');

    const { code } = await bench.calls.end({ kind: 'd', id, token: 't1', words: [...letter] }, undefined);

    expect(code).toBe(0);
    expect(await pool().client.zrange(bench.dead.failed, '0', '-1')).toEqual([id]);
  });

  it('or anything else that breaks an end off when the job has left its list, brings the job back there', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('t1');
    const attempt = 'not JSON';

    const { code } = await bench.calls.end(
      { kind: 'd', id, token: 't1', words: [letter[0], attempt, ...letter.slice(2)] },
      undefined,
    );

    expect(code).toBe(-101);
    expect(await pool().client.lrange(bench.keys.active, 0, -1)).toEqual([id]);
    expect(await pool().client.get(`${bench.jobKey(id)}:lock`)).toBe('t1');
  });

  it.each([
    ['the delayed set', 'y', [60_000, '', 1, '', ''], (bench: LeaseBench) => bench.keys.delayed],
    ['the prioritized set', 'i', [], (bench: LeaseBench) => bench.keys.prioritized],
  ] as const)('as %s, keeps the job in one place', async (_name, kind, words, foreignKey) => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('t1');
    await pool().client.set(foreignKey(bench), 'of another type');

    const { code } = await bench.calls.end({ kind, id, token: 't1', words: [...words] }, undefined);

    expect(code).toBe(-101);
    expect(await pool().client.lrange(bench.keys.active, 0, -1)).toEqual([id]);
    await pool().client.del(foreignKey(bench));
    expect(await bench.calls.end({ kind, id, token: 't1', words: [...words] }, undefined)).toMatchObject({ code: 0 });
    expect(await pool().client.llen(bench.keys.active)).toBe(0);
  });

  it('as the set of stalled jobs, leaves completed jobs among the completed', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('t1');
    await pool().client.set(bench.keys.stalled, 'no set');

    const ending = bench.calls.end({ kind: 'c', id, token: 't1', words: [...result] }, undefined);

    await expect(ending).rejects.toThrow('WRONGTYPE');
    expect(await pool().client.zrange(bench.keys.completed, '0', '-1')).toEqual([id]);
  });

  it.each([
    ['the active list', (bench: LeaseBench) => bench.keys.active],
    ['the prioritized set', (bench: LeaseBench) => bench.keys.prioritized],
  ] as const)('as %s, leaves jobs that are asked for where they wait', async (_name, foreignKey) => {
    const bench = new LeaseBench(pool());
    const id = await bench.add();
    await pool().client.set(foreignKey(bench), 'of another type');

    await expect(bench.calls.take(['t1', 't2'])).rejects.toThrow('WRONGTYPE');

    expect(await pool().client.lrange(bench.keys.wait, 0, -1)).toEqual([id]);
  });

  it('as a delayed job, does not hold up the others that are due', async () => {
    const bench = new LeaseBench(pool());
    const due = { delayMs: 1, enqueuedAt: 1_000 as EpochMs };
    const ids = [await bench.add(due), await bench.add(due), await bench.add(due)];
    await pool().client.set(bench.jobKey(ids[1] ?? ''), 'no hash');

    const { jobs } = await bench.calls.take(['t1', 't2', 't3']);

    expect(jobs.map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    expect(await pool().client.zcard(bench.keys.delayed)).toBe(0);
  });

  it('as the completed set, leaves every job of the call in its place', async () => {
    const bench = new LeaseBench(pool());
    const jobs = [await bench.take('t1'), await bench.take('t2')];
    await pool().client.set(bench.keys.completed, 'no set');

    const ended = await Promise.all(
      jobs.map(({ id, token }) => bench.calls.end({ kind: 'c', id, token, words: [...result] }, undefined)),
    );

    expect(ended.map(({ code }) => code)).toEqual([-101, -101]);
    expect((await pool().client.lrange(bench.keys.active, 0, -1)).sort()).toEqual(jobs.map(({ id }) => id).sort());
  });
});
