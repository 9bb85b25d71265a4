import { describe, expect, it } from 'vitest';
import { JobTraces } from '../../../src/transport/job-traces.js';
import { orphan } from '../../support/orphan.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();
const traces = () => new JobTraces(pool().client, pool().keyspace);

describe('how a job stands', () => {
  it('is by whom it is run, for how long the lease goes on, and how many run beside it', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('bw/w1/7');

    expect(await traces().standing(bench.queue, id)).toMatchObject({
      ahead: undefined,
      dueAt: undefined,
      lease: { token: 'bw/w1/7', forMs: expect.any(Number) },
      active: 1,
      paused: false,
      concurrency: undefined,
      limitedForMs: 0,
      children: 0,
    });
  });

  it('is when a suspect comes back, and why it is aside', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await pool().admin.quarantine(orphan(bench.queue, id, 'mine'), { delayMs: 60_000, spacingMs: 1 });

    const { dueAt = 0, now, parkedFor } = await traces().standing(bench.queue, id);

    expect(parkedFor).toBe('quarantine');
    expect(dueAt - now).toBeGreaterThan(50_000);
    expect(dueAt - now).toBeLessThanOrEqual(60_000);
  });

  it('is not that it is aside when it only was: it waits for its next attempt', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await pool().client.hset(bench.jobKey(id), 'bwp', 'quarantine');
    await pool().client.zadd(bench.keys.delayed, (Date.now() + 60_000) * 4_096, id);

    expect(await traces().standing(bench.queue, id)).toMatchObject({ parkedFor: undefined, dueAt: expect.any(Number) });
  });

  it('is what holds up its queue: a pause, a limit, a rate limit; and its children', async () => {
    const bench = new LeaseBench(pool());
    const { client } = pool();
    await client.hset(bench.keys.meta, { paused: 1, concurrency: 3, max: 2 });
    await client.set(bench.keys.limiter, 2, 'PX', 5_000);
    await client.sadd(`${bench.jobKey('parent')}:dependencies`, 'a', 'b');

    const { paused, concurrency, limitedForMs, children } = await traces().standing(bench.queue, 'parent');

    expect({ paused, concurrency, children }).toEqual({ paused: true, concurrency: 3, children: 2 });
    expect(limitedForMs).toBeGreaterThan(4_000);
  });

  it('is told though every key be of another type', async () => {
    const bench = new LeaseBench(pool());
    const { wait, active, prioritized, delayed, meta, limiter } = bench.keys;
    const id = '7';
    const keys = [wait, active, prioritized, delayed, meta, bench.jobKey(id), `${bench.jobKey(id)}:dependencies`];
    for (const key of keys) await pool().client.set(key, 'x');
    for (const key of [limiter, `${bench.jobKey(id)}:lock`]) await pool().client.rpush(key, 'x');

    expect(await traces().standing(bench.queue, id)).toMatchObject({ ahead: undefined, lease: undefined, active: 0 });
  });
});

describe('the events of a job', () => {
  it('are found among those of others, page after page, the oldest first', async () => {
    const bench = new LeaseBench(pool());
    const { client } = pool();
    await client.xadd(bench.keys.events, '1-1', 'event', 'added', 'jobId', 'a');
    const others = client.pipeline();
    for (let n = 0; n < 2_500; n++) others.xadd(bench.keys.events, `2-${n}`, 'event', 'added', 'jobId', `other-${n}`);
    await others.exec();
    await client.xadd(bench.keys.events, '3-1', 'event', 'removed', 'jobId', 'a', 'prev', 'wait');

    expect(await traces().events(bench.queue, 'a')).toEqual([
      { at: 1, event: 'added', prev: '' },
      { at: 3, event: 'removed', prev: 'wait' },
    ]);
    expect(await traces().events(bench.queue, 'nobody')).toEqual([]);
  });
});

describe('the earlier deaths of a job', () => {
  it('are those with its id and a number, and no other job that looks like one', async () => {
    const bench = new LeaseBench(pool());
    const { client } = pool();
    await client.hset(bench.dead.meta, 'bwn', 3);
    for (const id of ['a*', 'a*~1', 'a*~22', 'a*~x', 'ab~3', 'a*~1~2']) await client.zadd(bench.dead.failed, 1, id);

    expect((await traces().earlierDeaths(bench.queue, 'a*', 20)).sort()).toEqual(['a*~1', 'a*~22']);
    expect(await traces().earlierDeaths(bench.queue, 'a*', 1)).toHaveLength(1);
  });
});
