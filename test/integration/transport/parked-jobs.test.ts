import { describe, expect, it } from 'vitest';
import type { DueParkReason } from '../../../src/job/outcome.js';
import { parseTrail } from '../../../src/job/trail.js';
import type { EpochMs } from '../../../src/time/duration.js';
import type { NewJob } from '../../../src/transport/new-job-words.js';
import { ParkedJobs } from '../../../src/transport/parked-jobs.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();
const reason: DueParkReason = 'breaker:smtp';

const parkedJobs = () => new ParkedJobs(pool().client, pool().keyspace);
const bornAt = (at: number) => ({ enqueuedAt: at as EpochMs });
const waiting = async ({ keys }: LeaseBench) => (await pool().client.lrange(keys.wait, 0, -1)).reverse();
const delayed = ({ keys }: LeaseBench) => pool().client.zrange(keys.delayed, '0', '-1');
const index = (bench: LeaseBench, why: DueParkReason = reason) =>
  pool().client.zrange(pool().keyspace.parked(bench.queue, why), '0', '-1');

/** A job that a worker took and set aside. */
async function park(
  bench: LeaseBench,
  { why = reason, delayMs = 60_000, ...job }: Partial<NewJob> & { readonly why?: DueParkReason } = {},
): Promise<string> {
  const { id } = await bench.take('mine', job);
  await bench.calls.end({ kind: 'p', id, token: 'mine', words: [delayMs, why] }, undefined);
  return id;
}

const bringBack = (bench: LeaseBench, most: number, epoch = 1) =>
  parkedJobs().bringBack({ queue: bench.queue, reason }, most, epoch);

describe('bringing parked jobs back', () => {
  it('brings back the oldest first, whenever they are due', async () => {
    const bench = new LeaseBench(pool());
    const third = await park(bench, { ...bornAt(3_000), delayMs: 30_000 });
    const first = await park(bench, { ...bornAt(1_000), delayMs: 50_000 });
    const second = await park(bench, { ...bornAt(2_000), delayMs: 40_000 });

    expect(await bringBack(bench, 2)).toEqual({ kind: 'returned', returned: 2 });

    expect(await waiting(bench)).toEqual([first, second]);
    expect(await delayed(bench)).toEqual([third]);
    expect(await index(bench)).toEqual([third]);
  });

  it('brings those back that are due next where it is asked to, so that all have their turn', async () => {
    const bench = new LeaseBench(pool());
    const setAsideAgain = await park(bench, { ...bornAt(1_000), delayMs: 50_000 });
    const next = await park(bench, { ...bornAt(2_000), delayMs: 40_000 });

    await parkedJobs().bringBack({ queue: bench.queue, reason }, 1, 1, 'due');

    expect(await waiting(bench)).toEqual([next]);
    expect(await delayed(bench)).toEqual([setAsideAgain]);
  });

  it('says when the oldest were made, of those that could come back', async () => {
    const bench = new LeaseBench(pool());
    for (const at of [3_000, 1_000, 2_000]) await park(bench, bornAt(at));
    const promoted = await park(bench, bornAt(500));
    await pool().client.zrem(bench.keys.delayed, promoted);

    expect(await parkedJobs().births({ queue: bench.queue, reason }, 2)).toEqual([1_000, 2_000]);
    expect(await parkedJobs().births({ queue: bench.queue, reason: 'shed' }, 2)).toEqual([]);
  });

  it('puts each to its place by age among those that wait', async () => {
    const bench = new LeaseBench(pool());
    const [second, fourth] = [await park(bench, bornAt(2_000)), await park(bench, bornAt(4_000))];
    const first = await bench.add(bornAt(1_000));
    const third = await bench.add(bornAt(3_000));
    const fifth = await bench.add(bornAt(5_000));

    await bringBack(bench, 100);

    expect(await waiting(bench)).toEqual([first, second, third, fourth, fifth]);
  });

  it('puts one with a priority in front of its class', async () => {
    const bench = new LeaseBench(pool());
    const id = await park(bench, { priority: 5 });
    const [more, same] = [await bench.add({ priority: 1 }), await bench.add({ priority: 5 })];

    await bringBack(bench, 100);

    expect(await pool().client.zrange(bench.keys.prioritized, '0', '-1')).toEqual([more, id, same]);
  });

  it('leaves no trace of the parking but in the trail, and tells the events and a sleeping worker', async () => {
    const bench = new LeaseBench(pool());
    const id = await park(bench);
    await pool().client.del(bench.keys.marker);

    await bringBack(bench, 1);

    expect(await pool().inspector.job(bench.queue, id)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
    expect(await pool().client.hmget(bench.jobKey(id), 'bwp', 'delay')).toEqual([null, '0']);
    expect(parseTrail(await bench.field(id, 'bwt'))).toMatchObject([
      { what: 'parked', reason, returned: expect.any(Number) },
    ]);
    expect((await bench.events()).at(-1)).toEqual({ event: 'waiting', jobId: id, prev: 'delayed' });
    expect(await pool().client.zrange(bench.keys.marker, '0', '-1')).toEqual(['0']);
  });

  it('counts in the trail what happens again and again, and tells of a job whose trail says nothing of it', async () => {
    const bench = new LeaseBench(pool());
    const id = await park(bench);
    for (let n = 0; n < 3; n++) {
      await bringBack(bench, 1);
      await bench.calls.take(['mine']);
      await bench.calls.end({ kind: 'p', id, token: 'mine', words: [60_000, reason] }, undefined);
    }
    const counted = parseTrail(await bench.field(id, 'bwt'));
    await pool().client.hset(bench.jobKey(id), 'bwt', '[{"at":1,"what":"redriven"}]');
    await bringBack(bench, 1);

    expect(counted).toMatchObject([{ what: 'parked', reason, times: 4 }]);
    expect(counted[0]).not.toHaveProperty('returned');
    expect(parseTrail(await bench.field(id, 'bwt'))).toMatchObject([
      { what: 'redriven' },
      { what: 'returned', reason },
    ]);
  });

  it('leaves alone what was set aside for another reason, or waits for something else by now', async () => {
    const bench = new LeaseBench(pool());
    const other = await park(bench, { why: 'breaker:smtp/mail.example.com' });
    const moved = await park(bench);
    await pool().client.zadd(bench.keys.delayed, (Date.now() + 600_000) * 4096, moved);

    expect(await bringBack(bench, 100)).toEqual({ kind: 'returned', returned: 0 });

    expect((await delayed(bench)).sort()).toEqual([other, moved].sort());
    expect(await index(bench)).toEqual([]);
    expect(await index(bench, 'breaker:smtp/mail.example.com')).toEqual([other]);
  });

  it('forgets entries whose jobs have gone', async () => {
    const bench = new LeaseBench(pool());
    const [purged, taken, there] = [await park(bench), await park(bench), await park(bench)];
    await pool().client.del(bench.jobKey(purged));
    await pool().client.zrem(bench.keys.delayed, taken);

    expect(await bringBack(bench, 100)).toEqual({ kind: 'returned', returned: 1 });

    expect(await waiting(bench)).toEqual([there]);
    expect(await index(bench)).toEqual([]);
  });

  it('brings back at most a thousand at once, and all in the end', async () => {
    const bench = new LeaseBench(pool());
    for (let n = 0; n < 1_200; n++) await park(bench, bornAt(n + 1));

    const replies = [await bringBack(bench, 5_000), await bringBack(bench, 5_000), await bringBack(bench, 5_000)];

    expect(replies.map((reply) => reply.kind === 'returned' && reply.returned)).toEqual([1_000, 200, 0]);
    expect(await pool().client.llen(bench.keys.wait)).toBe(1_200);
    expect(await delayed(bench)).toEqual([]);
  });

  it('is refused to a leader after whom another one was elected, and changes nothing', async () => {
    const bench = new LeaseBench(pool());
    const id = await park(bench);
    await bringBack(bench, 0, 7);
    const before = await pool().dump();

    expect(await bringBack(bench, 100, 6)).toEqual({ kind: 'deposed' });

    expect(await pool().dump()).toEqual(before);
    expect(await delayed(bench)).toEqual([id]);
  });

  it('breaks off before it changes anything where a key is of another type', async () => {
    const bench = new LeaseBench(pool());
    const id = await park(bench);
    await pool().client.del(bench.keys.prioritized);
    await pool().client.set(bench.keys.prioritized, 'no zset');

    await expect(bringBack(bench, 100)).rejects.toThrow(/WRONGTYPE/);

    expect(await delayed(bench)).toEqual([id]);
    expect(await index(bench)).toEqual([id]);
  });

  it('is no reason to break off where something else lies in the place of the index: it holds nobody', async () => {
    const bench = new LeaseBench(pool());
    await pool().client.set(pool().keyspace.parked(bench.queue, reason), 'no zset');

    expect(await bringBack(bench, 100)).toEqual({ kind: 'returned', returned: 0 });
  });
});

describe('setting a job aside', () => {
  it('replaces what somebody else put in the place of the index', async () => {
    const bench = new LeaseBench(pool());
    await pool().client.set(pool().keyspace.parked(bench.queue, reason), 'no zset');

    const id = await park(bench);

    expect(await delayed(bench)).toEqual([id]);
    expect(await index(bench)).toEqual([id]);
  });
});

describe('counting parked jobs', () => {
  it('has those that gave way count as due soon, whenever they come back by themselves: more workers would let them run', async () => {
    const bench = new LeaseBench(pool());
    await park(bench, { why: 'shed', delayMs: 300_000 });
    await park(bench, { why: 'shed', delayMs: 30_000 });
    await park(bench, { delayMs: 300_000 });

    expect(await pool().inspector.sample(bench.queue)).toMatchObject({ delayed: 3, dueSoon: 2 });
  });

  it('counts by queue and reason those that are not due yet', async () => {
    const [one, other] = [new LeaseBench(pool()), new LeaseBench(pool())];
    await park(one);
    await park(one);
    await park(other, { why: 'breaker:crm' });
    const now = Date.now() as EpochMs;
    await pool().client.zadd(pool().keyspace.parked(other.queue, 'breaker:crm'), now - 1, 'is-due');

    const counts = await parkedJobs().count(
      [
        { queue: one.queue, reason },
        { queue: one.queue, reason: 'breaker:crm' },
        { queue: other.queue, reason: 'breaker:crm' },
      ],
      now,
    );

    expect(counts).toEqual([2, 0, 1]);
  });

  it('counts nobody where something else lies in the place of the index', async () => {
    const bench = new LeaseBench(pool());
    await pool().client.set(pool().keyspace.parked(bench.queue, reason), 'no zset');

    expect(await parkedJobs().count([{ queue: bench.queue, reason }], 0 as EpochMs)).toEqual([0]);
  });
});
