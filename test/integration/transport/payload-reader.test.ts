import { describe, expect, it } from 'vitest';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();

/** A payload of so many characters that says which it is. */
const payload = (number: number, length: number): string => JSON.stringify({ number, note: 'ä'.repeat(length) });

describe('payloads of any size', () => {
  it('come with their jobs, whether the script answers them or they are read beside it', async () => {
    const bench = new LeaseBench(pool());
    const payloads = [
      ...Array.from({ length: 40 }, (_, number) => payload(number, 20_000)),
      ...Array.from({ length: 200 }, (_, number) => payload(number, 10)),
      payload(0, 30_000),
    ];
    for (const payloadJson of payloads) await bench.add({ payloadJson });

    const taken: string[] = [];
    const asked: number[] = [];
    for (let number = 0; number < payloads.length; number++) {
      const before = await hgets();
      const { jobs } = await bench.calls.take([`t${number}`]);
      taken.push(...jobs.map(({ dataJson }) => dataJson));
      asked.push((await hgets()) - before);
    }

    expect(taken).toEqual(payloads);
    expect(asked[0]).toBe(0);
    expect(asked[39]).toBe(1);
    expect(asked.at(-1)).toBe(0);
  });

  it('come as nothing when the job has none', async () => {
    const bench = new LeaseBench(pool());
    for (let number = 0; number < 20; number++) await bench.add({ payloadJson: payload(number, 20_000) });
    const id = await bench.add();
    await pool().client.hdel(bench.jobKey(id), 'data');

    const { jobs } = await bench.calls.take(Array.from({ length: 20 }, (_, number) => `t${number}`));
    const { jobs: last } = await bench.calls.take(['last']);

    expect(jobs).toHaveLength(20);
    expect(last).toMatchObject([{ id, dataJson: '' }]);
  });
});

/** How often `HGET` ran outside of scripts and in them; what scripts of these tests do with it does not depend on payloads. */
async function hgets(): Promise<number> {
  const stats = await pool().client.info('commandstats');
  return Number(/cmdstat_hget:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}
