import { describe, expect, it } from 'vitest';
import { type Identity, identityOf } from '../../../src/idempotency/identity.js';
import { EffectLedger } from '../../../src/idempotency/ledger.js';
import type { DurationMs } from '../../../src/time/duration.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';
import { LeaseBench } from '../transport/lease-bench.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

const digest = 'd'.repeat(32);
const identity = identityOf(digest, '1.abc');

const recordKey = (bench: LeaseBench) => `${pool().keyspace.ledgerBase(bench.queue)}${digest}`;

/** Puts a job with this identity into the queue past the look at the key, as somebody else might. */
async function addPast(bench: LeaseBench, id: string, known: Identity): Promise<void> {
  await bench.add({ id });
  await pool().client.hset(bench.jobKey(id), 'bwi', known);
}

async function take(bench: LeaseBench, id: string, known: Identity = identity): Promise<FetchedJob> {
  await addPast(bench, id, known);
  const [job] = (await bench.calls.take([`lease-of-${id}`])).jobs;
  if (!job) throw new Error('expected a job, got none');
  return job;
}

async function complete(bench: LeaseBench, { id, token, claim }: FetchedJob, result = '{"ok":true}'): Promise<number> {
  const words = [result, '/-1/1000', claim?.identity ?? ''];
  return (await bench.calls.end({ kind: 'c', id, token, words }, undefined)).code;
}

/** As when its worker was gone for longer than its lease. */
async function loseLease(bench: LeaseBench, { id }: FetchedJob): Promise<void> {
  await pool().client.del(`${bench.jobKey(id)}:lock`);
}

describe('a claim', () => {
  it('is new for a key that nobody has claimed, and remembered for as long as keys are kept', async () => {
    const bench = new LeaseBench(pool());

    const { claim } = await take(bench, 'a');

    expect(claim).toEqual({ identity, fence: 1, verdict: { kind: 'new' } });
    expect(await pool().client.get(recordKey(bench))).toBe('r\n1\n1.abc\nlease-of-a\na\n');
    expect(await pool().client.pttl(recordKey(bench))).toBeGreaterThan(3_000_000);
  });

  it('is not made for a job without a key', async () => {
    const bench = new LeaseBench(pool());

    expect((await bench.take('mine')).claim).toBeUndefined();
    expect(await pool().client.exists(recordKey(bench))).toBe(0);
  });

  it('has a greater fence each time the job starts', async () => {
    const bench = new LeaseBench(pool());
    const { id, token } = await take(bench, 'a');
    await bench.calls.end({ kind: 'i', id, token, words: [] }, undefined);

    const [again] = (await bench.calls.take(['again'])).jobs;

    expect(again?.claim).toMatchObject({ fence: 2, verdict: { kind: 'new' } });
  });

  it('is busy while another job of the key holds its lease', async () => {
    const bench = new LeaseBench(pool());
    await take(bench, 'a');

    expect((await take(bench, 'b')).claim?.verdict).toEqual({ kind: 'busy' });
  });

  it('is new again, with a greater fence, when that one has lost its lease', async () => {
    const bench = new LeaseBench(pool());
    await loseLease(bench, await take(bench, 'a'));

    expect((await take(bench, 'b')).claim).toMatchObject({ fence: 2, verdict: { kind: 'new' } });
  });

  it('answers the result when the work is done', async () => {
    const bench = new LeaseBench(pool());
    await complete(bench, await take(bench, 'a'));

    expect((await take(bench, 'b')).claim?.verdict).toEqual({ kind: 'committed', resultJson: '{"ok":true}' });
  });

  it('answers a mismatch for another payload of the same version, and the same for one of another version', async () => {
    const bench = new LeaseBench(pool());
    await complete(bench, await take(bench, 'a'));

    expect((await take(bench, 'b', identityOf(digest, '1.other'))).claim?.verdict).toEqual({ kind: 'mismatch' });
    expect((await take(bench, 'c', identityOf(digest, '2.other'))).claim?.verdict).toMatchObject({ kind: 'committed' });
  });

  it('is new for another payload when the one before was given up', async () => {
    const bench = new LeaseBench(pool());
    await loseLease(bench, await take(bench, 'a'));

    expect((await take(bench, 'b', identityOf(digest, '1.other'))).claim?.verdict).toEqual({ kind: 'new' });
  });

  it.each(['hash', 'text'])('overwrites what somebody else put there and is no record: a %s', async (sort) => {
    const bench = new LeaseBench(pool());
    if (sort === 'hash') await pool().client.hset(recordKey(bench), 'a', 'b');
    else await pool().client.set(recordKey(bench), 'nonsense');

    expect((await take(bench, 'a')).claim?.verdict).toEqual({ kind: 'new' });
  });

  it.each(['', 'short', `${digest} 1.a\nb`])(
    'is not made for an identity that makes no sense: %j',
    async (nonsense) => {
      const bench = new LeaseBench(pool());

      expect((await take(bench, 'a', nonsense as Identity)).claim).toBeUndefined();
    },
  );

  it('is won by one of two, every time', async () => {
    const bench = new LeaseBench(pool());
    for (let race = 0; race < 200; race++) {
      const racers = identityOf(String(race).padStart(32, '0'), '1.abc');
      await addPast(bench, `${race}-a`, racers);
      await addPast(bench, `${race}-b`, racers);
      const replies = await Promise.all([bench.calls.take([`${race}-1`]), bench.calls.take([`${race}-2`])]);
      const verdicts = replies.flatMap(({ jobs }) => jobs.map(({ claim }) => claim?.verdict.kind));
      expect(verdicts.sort()).toEqual(['busy', 'new']);
    }
  });
});

describe('a commit', () => {
  it('is refused when another job has claimed the key since, and the job keeps its place', async () => {
    const bench = new LeaseBench(pool());
    const zombie = await take(bench, 'a');
    await loseLease(bench, zombie);
    const successor = await take(bench, 'b');
    await pool().client.set(`${bench.jobKey('a')}:lock`, zombie.token, 'PX', 60_000);

    expect(await complete(bench, zombie, '"late"')).toBe(-8);
    expect(await pool().inspector.job(bench.queue, 'a')).toMatchObject({ state: 'active' });
    expect(await complete(bench, successor, '"first"')).toBe(0);
    expect(await complete(bench, zombie, '"later"')).toBe(-8);
    expect(await pool().client.get(recordKey(bench))).toBe('c\n2\n1.abc\nlease-of-b\nb\n"first"');
  });

  it('is made although the record is gone', async () => {
    const bench = new LeaseBench(pool());
    const job = await take(bench, 'a');
    await pool().client.del(recordKey(bench));

    expect(await complete(bench, job)).toBe(0);
    expect(await pool().client.get(recordKey(bench))).toBe('c\n1\n1.abc\nlease-of-a\na\n{"ok":true}');
  });
});

describe('the ledger of jobs that BullMQ ends or wrote', () => {
  const ledgerOf = (bench: LeaseBench) =>
    new EffectLedger(pool().client, pool().keyspace, bench.queue, 3_600_000 as DurationMs);

  it('claims a key for a job that runs, and writes the identity into it', async () => {
    const bench = new LeaseBench(pool());
    const job = await bench.take('mine');

    expect(await ledgerOf(bench).claim(job, identity)).toEqual({ identity, fence: 1, verdict: { kind: 'new' } });
    expect(await bench.field(job.id, 'bwi')).toBe(identity);
  });

  it('claims nothing for a job whose lease is lost', async () => {
    const bench = new LeaseBench(pool());
    const job = await bench.take('mine');
    await loseLease(bench, job);

    expect(await ledgerOf(bench).claim(job, identity)).toBeUndefined();
    expect(await pool().client.exists(recordKey(bench))).toBe(0);
  });

  it('commits, takes it back, and lets only the holder of lease and key do so', async () => {
    const bench = new LeaseBench(pool());
    const ledger = ledgerOf(bench);
    const job = await take(bench, 'a');
    const committed = { kind: 'committed', resultJson: '1' } as const;

    expect(await ledger.write({ id: 'a', token: 'not-mine' }, identity, committed)).toBe('lease_lost');
    expect(await ledger.write(job, identity, committed)).toBe('done');
    expect(await pool().client.get(recordKey(bench))).toBe('c\n1\n1.abc\nlease-of-a\na\n1');
    expect(await ledger.write(job, identity, { kind: 'open' })).toBe('done');
    expect(await pool().client.get(recordKey(bench))).toBe('r\n1\n1.abc\nlease-of-a\na\n');

    await loseLease(bench, job);
    await take(bench, 'b');
    await pool().client.set(`${bench.jobKey('a')}:lock`, job.token, 'PX', 60_000);
    expect(await ledger.write(job, identity, { kind: 'failed', failureJson: '{}' })).toBe('fenced');
  });
});
