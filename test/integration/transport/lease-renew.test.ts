import { describe, expect, it } from 'vitest';
import { leaseRenewScript } from '../../../src/transport/transition-scripts.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();
const leaseMs = 30_000;

interface Holding {
  readonly id: string;
  readonly token: string;
  readonly starts: number;
}

function renew(bench: LeaseBench, jobs: readonly Holding[]): Promise<string[]> {
  const args = { base: bench.keys[''], lease: leaseMs, jobs: JSON.stringify(jobs) };
  return leaseRenewScript.run(pool().client, bench.keys, args);
}

describe('lease-renew', () => {
  it('prolongs the lease of its holder and takes the job off the list of the stalled', async () => {
    const bench = new LeaseBench(pool());
    const job = await bench.take('mine');
    const lock = `${bench.jobKey(job.id)}:lock`;
    await pool().client.pexpire(lock, 100);
    await pool().client.sadd(bench.keys.stalled, job.id);

    const lost = await renew(bench, [job]);

    expect(lost).toEqual([]);
    expect(await pool().client.pttl(lock)).toBeGreaterThan(leaseMs - 1_000);
    expect(await pool().client.sismember(bench.keys.stalled, job.id)).toBe(0);
  });

  it('takes a lease back that ran out, when nobody has started the job since', async () => {
    const bench = new LeaseBench(pool());
    const job = await bench.take('mine');
    await pool().client.del(`${bench.jobKey(job.id)}:lock`);

    const lost = await renew(bench, [job]);

    expect(lost).toEqual([]);
    expect(await pool().client.get(`${bench.jobKey(job.id)}:lock`)).toBe('mine');
  });

  it.each([
    ['prolongs', false],
    ['takes back', true],
  ])('%s a lease while the memory of Redis is full', async (_what, ranOut) => {
    const bench = new LeaseBench(pool());
    const job = await bench.take('mine');
    const lock = `${bench.jobKey(job.id)}:lock`;
    await (ranOut ? pool().client.del(lock) : pool().client.pexpire(lock, 100));
    await pool().client.config('SET', 'maxmemory', '1');

    const lost = await renew(bench, [job]).finally(() => pool().client.config('SET', 'maxmemory', '0'));

    expect(lost).toEqual([]);
    expect(await pool().client.pttl(lock)).toBeGreaterThan(leaseMs - 1_000);
  });

  it.each<[string, (bench: LeaseBench, job: Holding) => Promise<unknown>]>([
    ['somebody else holds it', (bench, { id }) => pool().client.set(`${bench.jobKey(id)}:lock`, 'other')],
    [
      'it ran out and the job was started again and ended',
      async (bench, { id }) => {
        await pool().client.del(`${bench.jobKey(id)}:lock`);
        await pool().client.hincrby(bench.jobKey(id), 'ats', 1);
      },
    ],
    [
      'it ran out and the job is no longer active',
      async (bench, { id }) => {
        await pool().client.del(`${bench.jobKey(id)}:lock`);
        await pool().client.lrem(bench.keys.active, 0, id);
      },
    ],
    [
      'the job is gone',
      async (bench, { id }) => {
        await pool().client.del(bench.jobKey(id), `${bench.jobKey(id)}:lock`);
      },
    ],
  ])('says that a lease is lost when %s, and writes nothing', async (_when, lose) => {
    const bench = new LeaseBench(pool());
    const job = await bench.take('mine');
    await lose(bench, job);
    const before = await pool().dump();

    const lost = await renew(bench, [job]);

    expect(lost).toEqual(['mine']);
    expect(await pool().dump()).toEqual(before);
  });

  it('keeps the others when one of many is lost', async () => {
    const bench = new LeaseBench(pool());
    const kept = await bench.take('kept');
    const gone = await bench.take('gone');
    await pool().client.set(`${bench.jobKey(gone.id)}:lock`, 'other');
    await pool().client.pexpire(`${bench.jobKey(kept.id)}:lock`, 100);

    await renew(bench, [gone, kept]);

    expect(await pool().client.pttl(`${bench.jobKey(kept.id)}:lock`)).toBeGreaterThan(1_000);
    expect(await pool().client.get(`${bench.jobKey(gone.id)}:lock`)).toBe('other');
  });
});
