import { describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../src/time/duration.js';
import { leaseTokenPrefix } from '../../../src/transport/lease-token.js';
import { ParkedJobs } from '../../../src/transport/parked-jobs.js';
import { strayJobsScript } from '../../../src/transport/view-scripts.js';
import { jobCrashes } from '../../support/orphan.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();

describe('queue-sample', () => {
  it('counts an empty queue', async () => {
    const bench = new LeaseBench(pool());

    const sample = await pool().inspector.sample(bench.queue);

    expect(sample).toEqual({
      waiting: 0,
      prioritized: 0,
      delayed: 0,
      active: 0,
      completed: 0,
      failed: 0,
      'waiting-children': 0,
      dead_lettered: 0,
      paused: false,
      oldestReadyAt: undefined,
      added: 0,
      dueSoon: 0,
      overdueMs: 0,
      awaitingSlots: 0,
    });
  });

  it('counts each state apart and says since when the job could start that waits longest', async () => {
    const bench = new LeaseBench(pool());
    const { client } = pool();
    await bench.take('mine');
    await bench.add({ enqueuedAt: 5_000 as EpochMs });
    await bench.add({ enqueuedAt: 6_000 as EpochMs });
    await bench.add({ enqueuedAt: 4_000 as EpochMs, priority: 1 });
    await bench.add({ delayMs: 3_600_000 });
    await bench.add({ delayMs: 30_000 });
    await client.zadd(bench.keys.completed, 1, 'a', 2, 'b');
    await client.zadd(bench.keys.failed, 1, 'c');
    await client.zadd(bench.keys['waiting-children'], 1, 'd');
    await client.zadd(bench.dead.failed, 1, 'e', 2, 'f', 3, 'g');
    await bench.backend.pause(true);

    const sample = await pool().inspector.sample(bench.queue);

    expect(sample).toEqual({
      waiting: 2,
      prioritized: 1,
      delayed: 2,
      active: 1,
      completed: 2,
      failed: 1,
      'waiting-children': 1,
      dead_lettered: 3,
      paused: true,
      oldestReadyAt: 4_000,
      added: 6,
      dueSoon: 1,
      overdueMs: 0,
      awaitingSlots: 0,
    });
  });

  it('counts on when the oldest waiting id has no job', async () => {
    const bench = new LeaseBench(pool());
    await pool().client.rpush(bench.keys.wait, 'nothing');

    const sample = await pool().inspector.sample(bench.queue);

    expect(sample).toMatchObject({ waiting: 1, oldestReadyAt: undefined });
  });

  it('counts the wait of a job that was delayed from when it was due', async () => {
    const bench = new LeaseBench(pool());
    const enqueuedAt = Date.now() - 86_400_000;
    await bench.add({ id: 'reminder', enqueuedAt: enqueuedAt as EpochMs, delayMs: 86_390_000 });
    await bench.add({ id: 'next' });

    await bench.calls.take(['mine']);

    expect(await bench.oldestReadyAt()).toBe(enqueuedAt + 86_390_000);
  });

  it('counts the wait of a delayed job with a priority in the same way', async () => {
    const bench = new LeaseBench(pool());
    const enqueuedAt = Date.now() - 86_400_000;
    await bench.add({ enqueuedAt: enqueuedAt as EpochMs, delayMs: 86_390_000, priority: 1 });
    await bench.add({});

    await bench.calls.take(['mine']);

    expect(await bench.oldestReadyAt()).toBe(enqueuedAt + 86_390_000);
  });

  it.each<[string, (bench: LeaseBench, id: string) => Promise<unknown>]>([
    [
      'was given back',
      (bench, id) => bench.calls.end({ kind: 'i', id, token: 'mine', words: ['shutdown'] }, undefined),
    ],
    [
      'was set aside and brought back',
      async (bench, id) => {
        await bench.calls.end({ kind: 'p', id, token: 'mine', words: [60_000, 'shed'] }, undefined);
        const parked = new ParkedJobs(pool().client, pool().keyspace);
        await parked.bringBack({ queue: bench.queue, reason: 'shed' }, 1, 1);
      },
    ],
  ])('counts the wait of a job that %s from then on', async (_what, comeBack) => {
    const bench = new LeaseBench(pool());
    const before = Date.now();
    const { id } = await bench.take('mine', { enqueuedAt: (before - 3_600_000) as EpochMs });

    await comeBack(bench, id);

    expect(await bench.oldestReadyAt()).toBeGreaterThanOrEqual(before);
  });

  it('finds who waits longest behind jobs that have just come back', async () => {
    const bench = new LeaseBench(pool());
    const now = Date.now();
    for (let n = 0; n < 5; n++) await bench.take(`t${n}`, { id: `${n}`, enqueuedAt: (now - 3_600_000 + n) as EpochMs });
    for (let n = 0; n < 10; n++) await bench.add({ enqueuedAt: (now - 60_000) as EpochMs });

    for (let n = 0; n < 5; n++)
      await bench.calls.end({ kind: 'i', id: `${n}`, token: `t${n}`, words: ['shutdown'] }, undefined);

    expect(await bench.oldestReadyAt()).toBe(now - 60_000);
  });

  it.each([
    ['was due', { delay: 3_590_000, backoff: { type: 'fixed', delay: 7 } }, {}, 3_590_000],
    ['was due and ran', { delay: 1_000 }, { processedOn: Date.now() - 5_000 }, undefined],
    ['was promoted long before it is due', { delay: 86_400_000 }, {}, 0],
    ['has options that are no JSON', '{"delay":', {}, 0],
  ])('takes the best it can know of a job that plain BullMQ put among the waiting and that %s', async (...row) => {
    const [, opts, fields, laterMs] = row;
    const bench = new LeaseBench(pool());
    const timestamp = Date.now() - 3_600_000;
    const written = { timestamp, opts: typeof opts === 'string' ? opts : JSON.stringify(opts), ...fields };
    await pool().client.hset(bench.jobKey('plain'), written);
    await pool().client.lpush(bench.keys.wait, 'plain');

    const expected = laterMs === undefined ? (fields as { processedOn: number }).processedOn : timestamp + laterMs;
    expect(await bench.oldestReadyAt()).toBe(expected);
  });

  it('counts those that gave way among what is due soon, and not those of them that others have promoted or removed', async () => {
    const bench = new LeaseBench(pool());
    for (const id of ['1', '2', '3']) await bench.take(id, { id });
    for (const id of ['1', '2', '3']) {
      await bench.calls.end({ kind: 'p', id, token: id, words: [300_000, 'shed'] }, undefined);
    }
    const before = await pool().inspector.sample(bench.queue);
    // As BullMQ's own calls do, which know nothing of the index.
    await pool().client.zrem(bench.keys.delayed, '1', '2');
    await pool().client.lpush(bench.keys.wait, '1');

    expect(before).toMatchObject({ delayed: 3, dueSoon: 3 });
    expect(await pool().inspector.sample(bench.queue)).toMatchObject({ delayed: 1, waiting: 1, dueSoon: 1 });
  });

  it('says how late the first delayed job is', async () => {
    const bench = new LeaseBench(pool());
    const now = Date.now();
    await pool().client.zadd(bench.keys.delayed, (now - 5_000) * 0x1000 + 7, 'a', (now + 60_000) * 0x1000, 'b');

    const { overdueMs } = await pool().inspector.sample(bench.queue);

    expect(overdueMs).toBeGreaterThanOrEqual(5_000);
    expect(overdueMs).toBeLessThan(65_000);
  });

  it('writes nothing', async () => {
    const bench = new LeaseBench(pool());
    await bench.take('mine');
    const before = await pool().dump();

    await pool().inspector.sample(bench.queue);

    expect(await pool().dump()).toEqual(before);
  });
});

describe('active-owners', () => {
  it('names who holds each job, in pages that begin with the oldest', async () => {
    const bench = new LeaseBench(pool());
    const jobs = [await bench.take('a'), await bench.take('b'), await bench.take('c')];
    const crashes = jobCrashes(2);
    await pool().client.hset(bench.jobKey(jobs[0]?.id ?? ''), { ats: 3, bwk: JSON.stringify(crashes) });
    await pool().client.hset(bench.jobKey(jobs[2]?.id ?? ''), 'bwk', 'no json');
    await pool().client.del(`${bench.jobKey(jobs[2]?.id ?? '')}:lock`);
    const before = await pool().dump();

    const first = await pool().inspector.activeOwners(bench.queue, 0, 2);
    const second = await pool().inspector.activeOwners(bench.queue, 2, 2);

    expect(first).toMatchObject([
      { id: jobs[1]?.id, token: 'b', starts: '1', crashes: [] },
      { id: jobs[0]?.id, token: 'a', starts: '3', crashes },
    ]);
    expect(second).toMatchObject([{ id: jobs[2]?.id, token: '', starts: '1', crashes: [] }]);
    expect(await pool().inspector.activeOwners(bench.queue, 3, 2)).toEqual([]);
    expect(await pool().dump()).toEqual(before);
  });

  it('names the others when the key of one job holds something else', async () => {
    const bench = new LeaseBench(pool());
    const sound = await bench.take('a');
    const odd = await bench.take('b');
    await pool().client.del(bench.jobKey(odd.id));
    await pool().client.set(bench.jobKey(odd.id), 'a string');

    const owners = await pool().inspector.activeOwners(bench.queue, 0, 10);

    expect(owners.map(({ id }) => id)).toContain(sound.id);
  });
});

describe('stray-jobs', () => {
  it('names the newest jobs that one worker holds, and nobody else’s', async () => {
    const bench = new LeaseBench(pool());
    const [old, first, second] = [await bench.take('bw/a/1'), await bench.take('bw/a/2'), await bench.take('bw/a/3')];
    for (const token of ['bw/ab/1', 'a/4', 'bw/b/a/5']) await bench.take(token);
    const loose = await bench.take('bw/a/6');
    await pool().client.del(`${bench.jobKey(loose.id)}:lock`);
    const before = await pool().dump();

    const held = await strayJobsScript.run(pool().client, bench.keys, {
      base: bench.keys[''],
      prefix: leaseTokenPrefix('a'),
      count: 6,
    });

    expect(held).toEqual([
      { id: second.id, token: 'bw/a/3' },
      { id: first.id, token: 'bw/a/2' },
    ]);
    expect(held.map(({ id }) => id)).not.toContain(old.id);
    expect(await pool().dump()).toEqual(before);
  });
});

describe('looking at jobs again and again', () => {
  it('leaves nothing behind on the connection', async () => {
    const bench = new LeaseBench(pool());
    const id = await bench.add();
    const { inspector, admin, client } = pool();
    const look = async () => {
      await inspector.job(bench.queue, id);
      await admin.pause(bench.queue);
      await admin.resume(bench.queue);
    };
    await look();
    const listeners = client.listenerCount('error');

    for (let n = 0; n < 5; n++) await look();

    expect(client.listenerCount('error')).toBe(listeners);
  });
});

describe('job-outcomes', () => {
  it('tells every state apart, in the order of the ids', async () => {
    const bench = new LeaseBench(pool());
    const { client } = pool();
    await bench.add({ id: 'waits' });
    const done = { timestamp: 1, finishedOn: 2, returnvalue: '{"a":1}' };
    await client.hset(bench.jobKey('done'), done);
    await client.hset(bench.jobKey('failed'), { timestamp: 1, finishedOn: 2, failedReason: 'no "luck"' });
    await client.hset(bench.jobKey('failed-silently'), { timestamp: 1, finishedOn: 2 });
    await client.hset(`${bench.dead['']}dead`, { bwd: '{"reason":"expired","error":{"message":"late"}}' });
    const before = await pool().dump();

    const outcomes = await pool().inspector.outcomes(bench.queue, [
      'waits',
      'done',
      'failed',
      'failed-silently',
      'dead',
      'never-was',
    ]);

    expect(outcomes).toEqual([
      { state: 'pending' },
      { state: 'completed', result: { a: 1 } },
      { state: 'failed', message: 'no "luck"' },
      { state: 'failed', message: '' },
      { state: 'dead_lettered', record: { reason: 'expired', error: { message: 'late' } } },
      { state: 'gone' },
    ]);
    expect(await pool().dump()).toEqual(before);
  });

  it('asks nothing when there is nothing to ask', async () => {
    expect(await pool().inspector.outcomes('any', [])).toEqual([]);
  });
});
