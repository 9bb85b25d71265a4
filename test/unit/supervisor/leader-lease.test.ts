import { afterEach, describe, expect, it } from 'vitest';
import type { RedisClient } from '../../../src/redis/connection.js';
import { Keyspace } from '../../../src/redis/keyspace.js';
import { LeaderLease } from '../../../src/supervisor/leader-lease.js';
import { eventually } from '../../support/eventually.js';
import { recordingLog } from '../service/recording-log.js';

const leaseMs = 100;
/** A leader counts on nine tenths of its lease. */
const trustedMs = 90;

type Reply = readonly [held: 0 | 1, epoch: number, leader: string];
type Answer = () => Promise<Reply>;

const held =
  (epoch: number): Answer =>
  async () => [1, epoch, 'me'];
const heldByAnother =
  (epoch: number): Answer =>
  async () => [0, epoch, 'another'];
const refused: Answer = async () => {
  throw new Error('Connection is closed.');
};
const never: Answer = () => new Promise(() => undefined);

/** An answer that the test gives when it wants to. */
function pending(): { readonly answer: Answer; give(reply: Reply): void } {
  let resolve: (reply: Reply) => void = () => undefined;
  const promise = new Promise<Reply>((resolvePromise) => {
    resolve = resolvePromise;
  });
  return { answer: () => promise, give: (reply) => resolve(reply) };
}

const leases: LeaderLease[] = [];

afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.stop()));
});

/**
 * A lease on a clock that stands still until the test turns it, with a Redis that answers one claim after the other as told,
 * and the last answer for ever. `told` is what its owner heard, `asked` what Redis did.
 */
function startLease(...answers: Answer[]) {
  const asked: string[] = [];
  const client = {
    evalsha: async (_sha: string, numberOfKeys: number) => {
      const claims = numberOfKeys === 2;
      asked.push(claims ? 'claim' : 'resign');
      return claims ? (answers.length > 1 ? answers.shift() : answers[0])?.() : 1;
    },
  } as unknown as RedisClient;
  const clock = { time: 10_000, now: () => 0 as never, elapsed: () => clock.time };
  const { log, lines } = recordingLog();
  const told: string[] = [];
  const reasons: string[] = [];
  const lease = new LeaderLease({
    client,
    keyspace: new Keyspace('shop'),
    id: 'me',
    leaseMs,
    renewMs: 1,
    clock,
    log,
    raiseFences: async (epoch) => epoch,
    onChange: (leads, epoch, why) => {
      told.push(`${leads ? 'leads' : 'stands by'} ${epoch}`);
      reasons.push(why);
    },
  });
  leases.push(lease);
  lease.start();
  const claimed = (times: number) =>
    eventually('claims', () => asked.filter((what) => what === 'claim').length > times);
  return { lease, clock, told, reasons, lines, asked, claimed };
}

describe('LeaderLease', () => {
  it('leads once it was told so, under the epoch it was given, and says it once', async () => {
    const { lease, told, lines, claimed } = startLease(held(7));
    expect(lease.held).toBe(false);

    await claimed(3);

    expect({ held: lease.held, epoch: lease.epoch }).toEqual({ held: true, epoch: 7 });
    expect(told).toEqual(['leads 7']);
    expect(lines).toEqual(['info leader.elected']);
  });

  it('stands by while another leads, and says nothing', async () => {
    const { lease, told, claimed } = startLease(heldByAnother(7));

    await claimed(2);

    expect(lease.held).toBe(false);
    expect(told).toEqual([]);
  });

  it('steps down by its own clock a tenth of the lease before Redis would let another in', async () => {
    const { lease, clock, told, reasons, claimed } = startLease(held(7), never);
    await claimed(1);

    clock.time += trustedMs - 1;
    expect(lease.held).toBe(true);
    clock.time += 1;

    expect(lease.held).toBe(false);
    expect(told).toEqual(['leads 7', 'stands by 7']);
    expect(reasons).toEqual(['elected', 'expired']);
  });

  it('is told of a lead that ran out, without being asked, when Redis does not answer', async () => {
    const { clock, told, claimed } = startLease(held(7), never);
    await claimed(1);

    clock.time += trustedMs;

    await eventually('stepped down', () => told.includes('stands by 7'));
  });

  it('counts the lease from when it asked, not from when it was answered', async () => {
    const { answer, give } = pending();
    const { lease, clock, claimed } = startLease(answer, never);
    await claimed(0);

    clock.time += trustedMs - 10;
    give([1, 7, 'me']);
    await claimed(1);

    expect(lease.held).toBe(true);
    clock.time += 10;
    expect(lease.held).toBe(false);
  });

  it('does not take up a lead that was over before the answer came', async () => {
    const { answer, give } = pending();
    const { lease, clock, told, claimed } = startLease(answer, never);
    await claimed(0);

    clock.time += trustedMs;
    give([1, 7, 'me']);
    await claimed(1);

    expect(lease.held).toBe(false);
    expect(told).toEqual([]);
  });

  it('steps down at once when it learns that another leads', async () => {
    const { lease, told, claimed } = startLease(held(7), heldByAnother(8));

    await claimed(2);

    expect(lease.held).toBe(false);
    expect(told).toEqual(['leads 7', 'stands by 7']);
  });

  it('takes a new epoch for a new term, though nobody led in between', async () => {
    const { lease, told, claimed } = startLease(held(7), held(9));

    await claimed(2);

    expect(lease.epoch).toBe(9);
    expect(told).toEqual(['leads 7', 'stands by 7', 'leads 9']);
  });

  it('keeps the lead through renewals that fail, until it runs out', async () => {
    const { lease, clock, claimed } = startLease(held(7), refused, refused, held(7), refused);

    await claimed(3);

    expect(lease.held).toBe(true);
    clock.time += trustedMs;
    expect(lease.held).toBe(false);
  });

  it('resigns when it stops, so that a standby need not wait', async () => {
    const { lease, told, reasons, asked, claimed } = startLease(held(7));
    await claimed(1);

    await lease.stop();

    expect(asked.at(-1)).toBe('resign');
    expect(lease.held).toBe(false);
    expect(told).toEqual(['leads 7', 'stands by 7']);
    expect(reasons).toEqual(['elected', 'resigned']);
  });

  it('resigns a lead that it wins while it stops', async () => {
    const { answer, give } = pending();
    const { lease, asked, claimed } = startLease(answer);
    await claimed(0);

    const stopped = lease.stop();
    give([1, 7, 'me']);
    await stopped;

    expect(asked).toEqual(['claim', 'resign']);
    expect(lease.held).toBe(false);
  });

  it('resigns nothing when it did not lead', async () => {
    const { lease, asked, claimed } = startLease(heldByAnother(7));
    await claimed(1);

    await lease.stop();

    expect(asked).not.toContain('resign');
  });

  it('can be stopped twice, and asks for nothing after that', async () => {
    const { lease, asked, claimed } = startLease(held(7));
    await claimed(1);

    await Promise.all([lease.stop(), lease.stop()]);
    const askedThen = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 10));

    expect(asked).toHaveLength(askedThen);
  });
});
