import { describe, expect, it } from 'vitest';
import type { ScaleRecord } from '../../../src/scaling/scale-record.js';
import { ScaleStore } from '../../../src/scaling/scale-store.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

function record(group: string, desired: number): ScaleRecord {
  return {
    group,
    desired,
    why: 'demand',
    at: 1,
    current: 1,
    needed: desired,
    steady: { desired },
    rule: null,
    queues: [],
  };
}

async function storeLedBy(epoch: number): Promise<ScaleStore> {
  const { client, keyspace } = pool();
  await client.flushall();
  await client.hset(keyspace.leader, { id: 'me', epoch });
  return new ScaleStore(client, keyspace);
}

describe('publish-scale', () => {
  it('takes the place of all that was said before, and expires', async () => {
    const store = await storeLedBy(7);

    const replies = [
      await store.publish([record('mail', 2), record('video', 5)], 7),
      await store.publish([record('mail', 3)], 7),
    ];

    expect(replies).toEqual(['published', 'published']);
    expect([...(await store.records())]).toEqual([['mail', record('mail', 3)]]);
    expect(await store.record('mail')).toEqual(record('mail', 3));
    expect(await store.record('video')).toBeUndefined();
    expect(await pool().client.pttl(pool().keyspace.scale)).toBeGreaterThan(10_000);
  });

  it('leaves nothing behind when there is no group', async () => {
    const store = await storeLedBy(7);
    await store.publish([record('mail', 2)], 7);

    await store.publish([], 7);

    expect(await store.records()).toEqual(new Map());
  });

  it.each([6, 8])('writes nothing for a leader of epoch %i when another one leads', async (epoch) => {
    const store = await storeLedBy(7);
    await store.publish([record('mail', 2)], 7);
    const before = await pool().client.hgetall(pool().keyspace.scale);

    expect(await store.publish([record('mail', 9)], epoch)).toBe('deposed');
    expect(await pool().client.hgetall(pool().keyspace.scale)).toEqual(before);
  });

  it('reads around what somebody else has written there', async () => {
    const store = await storeLedBy(7);
    await store.publish([record('mail', 2)], 7);
    await pool().client.hset(pool().keyspace.scale, 'odd', 'no json');

    expect([...(await store.records()).keys()]).toEqual(['mail']);
  });
});

describe('a rule', () => {
  it('holds for so long, takes the place of the one before, and can be released', async () => {
    const store = await storeLedBy(7);
    await store.setRule('mail', { min: 1, by: 'ada', why: 'a' }, 60_000);
    await store.setRule('mail', { min: 2, max: 3, by: 'ada', why: 'b' }, 60_000);

    const rules = await store.rules(['mail', 'video']);
    const released = [await store.releaseRule('mail'), await store.releaseRule('mail')];

    expect([...rules.keys()]).toEqual(['mail']);
    expect(rules.get('mail')).toMatchObject({ min: 2, max: 3, by: 'ada', why: 'b' });
    expect(rules.get('mail')?.forMs).toBeGreaterThan(50_000);
    expect(released).toEqual([true, false]);
    expect((await store.rules(['mail'])).size).toBe(0);
  });
});
