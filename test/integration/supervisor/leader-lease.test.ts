import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { defineScript } from '../../../src/redis/define-script.js';
import { LeaderLease } from '../../../src/supervisor/leader-lease.js';
import { systemClock } from '../../../src/time/clock.js';
import { eventually } from '../../support/eventually.js';
import { silent, usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const lua = (name: string) => new URL(`../../../src/supervisor/lua/${name}.lua`, import.meta.url);
const claimScript = defineScript({
  file: lua('leader-claim'),
  keys: ['leader', 'epoch'],
  args: ['id', 'lease'],
  reply: (raw) => raw,
});
const resignScript = defineScript({ file: lua('leader-resign'), keys: ['leader'], args: ['id'], reply: (raw) => raw });

const claim = (id: string, lease = 60_000) => claimScript.run(pool().client, pool().keyspace, { id, lease });
const resign = (id: string) => resignScript.run(pool().client, pool().keyspace, { id });

afterEach(async () => {
  await pool().client.flushall();
});

describe('leader-claim', () => {
  it('gives the lead to the first who asks, under a new epoch', async () => {
    expect(await claim('a')).toEqual([1, 1, 'a']);

    expect(await pool().client.pttl(pool().keyspace.leader)).toBeGreaterThan(55_000);
  });

  it('prolongs the lead of who has it, under the same epoch', async () => {
    await claim('a', 1_000);

    expect(await claim('a')).toEqual([1, 1, 'a']);

    expect(await pool().client.pttl(pool().keyspace.leader)).toBeGreaterThan(55_000);
  });

  it('names the leader to everybody else, and writes nothing', async () => {
    await claim('a');
    const before = await pool().dump();

    expect(await claim('b')).toEqual([0, 1, 'a']);

    expect(await pool().dump()).toEqual(before);
  });

  it('raises the epoch with every election, also when the same one is elected again', async () => {
    await claim('a');
    await pool().client.del(pool().keyspace.leader);
    expect(await claim('b')).toEqual([1, 2, 'b']);
    await pool().client.del(pool().keyspace.leader);

    expect(await claim('b')).toEqual([1, 3, 'b']);
  });
});

describe('leader-resign', () => {
  it('frees the lead of who has it', async () => {
    await claim('a');

    expect(await resign('a')).toBe(1);

    expect(await claim('b')).toEqual([1, 2, 'b']);
  });

  it.each(['b', ''])('is nothing to %j, who does not lead', async (id) => {
    await claim('a');
    const before = await pool().dump();

    expect(await resign(id)).toBe(0);

    expect(await pool().dump()).toEqual(before);
  });

  it('is nothing when nobody leads', async () => {
    expect(await resign('a')).toBe(0);

    expect(await pool().dump()).toEqual({});
  });
});

describe('LeaderLease', () => {
  function startLease(id: string) {
    const changes: [leads: boolean, epoch: number][] = [];
    const lease = new LeaderLease({
      client: pool().client,
      keyspace: pool().keyspace,
      id,
      leaseMs: 300,
      renewMs: 50,
      clock: systemClock,
      log: silent,
      onChange: (leads, epoch) => changes.push([leads, epoch]),
    });
    onTestFinished(() => lease.stop());
    lease.start();
    return { lease, changes };
  }

  it('tells of a new term, when Redis forgot the old one', async () => {
    const { lease, changes } = startLease('a');
    await eventually('a leads', () => lease.held);

    await pool().client.del(pool().keyspace.leader);

    await eventually('a leads a second term', () => lease.epoch === 2);
    expect(changes).toEqual([
      [true, 1],
      [false, 1],
      [true, 2],
    ]);
  });

  it('hands the lead over at once when it stops', async () => {
    const first = startLease('a');
    await eventually('a leads', () => first.lease.held);

    await first.lease.stop();

    expect(await pool().client.exists(pool().keyspace.leader)).toBe(0);
    expect(first.changes.at(-1)).toEqual([false, 1]);
  });

  it('tells by itself that it lost the lead, while Redis says nothing', async () => {
    const { lease, changes } = startLease('a');
    await eventually('a leads', () => lease.held);

    process.kill(pool().server.pid, 'SIGSTOP');
    // Nobody asks `held` here: gauges and logs have to be right without.
    const told = eventually('it is told', () => changes.length === 2, { timeoutMs: 1_000 });
    await told.finally(() => process.kill(pool().server.pid, 'SIGCONT'));

    expect(changes.at(-1)).toEqual([false, 1]);
  });
});
