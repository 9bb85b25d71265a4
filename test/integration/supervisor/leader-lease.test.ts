import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
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
  args: ['id', 'lease', 'above'],
  reply: (raw) => raw,
});
const resignScript = defineScript({ file: lua('leader-resign'), keys: ['leader'], args: ['id'], reply: (raw) => raw });

const claim = (id: string, lease = 60_000, above = 0) =>
  claimScript.run(pool().client, pool().keyspace, { id, lease, above });
const resign = (id: string) => resignScript.run(pool().client, pool().keyspace, { id });

// Before and not after: leases stop when their test has finished.
beforeEach(async () => {
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

describe('leader-claim above an epoch', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['that the counter has lost', async () => undefined],
    ['that its own term does not exceed', () => claim('a')],
  ])('%s begins a term above it', async (_what, before) => {
    await before();

    expect(await claim('a', 60_000, 7)).toEqual([1, 8, 'a']);
    await resign('a');
    expect(await claim('b')).toEqual([1, 9, 'b']);
  });

  it('goes on with a term that exceeds it', async () => {
    await claim('a', 60_000, 7);

    expect(await claim('a', 60_000, 7)).toEqual([1, 8, 'a']);
  });

  it('takes the lead from nobody', async () => {
    await claim('a');

    expect(await claim('b', 60_000, 7)).toEqual([0, 1, 'a']);
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
  function startLease(id: string, raiseFences = async (epoch: number) => epoch) {
    const changes: [leads: boolean, epoch: number][] = [];
    const lease = new LeaderLease({
      client: pool().client,
      keyspace: pool().keyspace,
      id,
      leaseMs: 300,
      renewMs: 50,
      clock: systemClock,
      log: silent,
      raiseFences,
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

  it('does not lead before the fences are raised, and does not raise them twice in a term', async () => {
    const raised: number[] = [];
    let letThrough = (): void => undefined;
    const { lease, changes } = startLease('a', async (epoch) => {
      raised.push(epoch);
      await new Promise<void>((resolve) => {
        letThrough = resolve;
      });
      return epoch;
    });
    await eventually('it raises them', () => raised.length === 1);
    const before = lease.term;

    letThrough();
    await eventually('it leads', () => lease.held);
    await eventually('it has renewed', async () => (await pool().client.pttl(pool().keyspace.leader)) > 280);

    expect(before).toBeUndefined();
    expect(lease.term).toBe(1);
    expect(raised).toEqual([1]);
    expect(changes).toEqual([[true, 1]]);
  });

  it('leads under an epoch above all fences when the counter was lost, and is not locked out', async () => {
    const raised: number[] = [];
    const { lease } = startLease('a', async (epoch) => {
      raised.push(epoch);
      return Math.max(epoch, 41);
    });

    await eventually('it leads', () => lease.term === 42);
    expect(raised).toEqual([1, 42]);
  });

  it('steps down at once when a write was refused, and leads again only under a new look at the fences', async () => {
    let fence = 0;
    const { lease, changes } = startLease('a', async (epoch) => {
      fence = Math.max(fence, epoch);
      return fence;
    });
    await eventually('it leads', () => lease.held);
    fence = 9;

    lease.deposed(1);
    const after = lease.term;
    await eventually('it leads again', () => lease.held);

    expect(after).toBeUndefined();
    expect(lease.term).toBe(10);
    expect(changes).toEqual([
      [true, 1],
      [false, 1],
      [true, 10],
    ]);
  });

  it('is not put off by a refusal of a term that is over', async () => {
    const { lease } = startLease('a');
    await eventually('it leads', () => lease.held);

    lease.deposed(0);

    expect(lease.term).toBe(1);
  });
});
