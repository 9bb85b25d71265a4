import { describe, expect, it } from 'vitest';
import { type Claim, wonKey } from '../../../src/idempotency/claim.js';
import { EffectLedger } from '../../../src/idempotency/ledger.js';
import type { DurationMs } from '../../../src/time/duration.js';
import type { FetchedJob } from '../../../src/transport/fetched-job.js';
import { leaseRenewScript } from '../../../src/transport/transition-scripts.js';
import { LeaseBench } from '../transport/lease-bench.js';
import { usePool } from '../worker-pool/test-pool.js';
import { agePages, pagesOf, recordOf } from './ledger-pages.js';

const pool = usePool();

const digest = 'd'.repeat(32);
const fingerprint = '1.abc';
/** How a job names its key whose id is not the digest. */
const named = `${digest}\n${fingerprint}`;
/** As the ledger marks the job of the digest when it knows more of the key than that. */
const marked = `${fingerprint}\n`;

const ledgerBase = (bench: LeaseBench) => pool().keyspace.ledgerBase(bench.queue);
const record = (bench: LeaseBench) => recordOf(pool().client, ledgerBase(bench), digest);

/** Puts a job of the key into the queue past the look at the key, as somebody else might. */
async function addPast(bench: LeaseBench, id: string, name: string): Promise<void> {
  await bench.add({ id });
  await pool().client.hset(bench.jobKey(id), 'bwi', name);
}

async function take(bench: LeaseBench, id: string, name = id === digest ? fingerprint : named): Promise<FetchedJob> {
  await addPast(bench, id, name);
  const [job] = (await bench.calls.take([`lease-of-${id}`])).jobs;
  if (!job) throw new Error('expected a job, got none');
  return job;
}

async function complete(bench: LeaseBench, { id, token, claim }: FetchedJob, result = '{"ok":true}'): Promise<number> {
  const words = [result, '/-1/1000', wonKey('committed', id, claim)];
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

    expect(claim).toEqual({ digest, fingerprint, fence: 1, verdict: { kind: 'new' } });
    expect(await record(bench)).toBe('r\n1.abc\n1\nlease-of-a\na\n');
    const [page = ''] = await pagesOf(pool().client, ledgerBase(bench));
    expect(await pool().client.pttl(page)).toBeGreaterThan(3_600_000);
    expect(await pool().client.pttl(`${ledgerBase(bench)}pages`)).toBeGreaterThan(3_600_000);
  });

  it('is not made for a job without a key', async () => {
    const bench = new LeaseBench(pool());

    expect((await bench.take('mine')).claim).toBeUndefined();
    expect(await record(bench)).toBeNull();
  });

  it('has a greater fence each time the job starts', async () => {
    const bench = new LeaseBench(pool());
    const { id, token } = await take(bench, 'a');
    await bench.calls.end({ kind: 'i', id, token, words: ['shutdown'] }, undefined);

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

    expect((await take(bench, 'b', `${digest}\n1.other`)).claim?.verdict).toEqual({ kind: 'mismatch' });
    expect((await take(bench, 'c', `${digest}\n2.other`)).claim?.verdict).toMatchObject({ kind: 'committed' });
  });

  it('is new for another payload when the one before was given up', async () => {
    const bench = new LeaseBench(pool());
    await loseLease(bench, await take(bench, 'a'));

    expect((await take(bench, 'b', `${digest}\n1.other`)).claim?.verdict).toEqual({ kind: 'new' });
  });

  it.each(['a page of another type', 'a list of pages of another type', 'a record that is none'])(
    'overwrites what somebody else put there: %s',
    async (what) => {
      const { client } = pool();
      const bench = new LeaseBench(pool());
      const base = ledgerBase(bench);
      if (what === 'a list of pages of another type') await client.set(`${base}pages`, 'nonsense');
      else {
        await client.zadd(`${base}pages`, Date.now(), String(Date.now()));
        const [page = ''] = await pagesOf(client, base);
        if (what === 'a page of another type') await client.set(page, 'nonsense');
        else await client.hset(page, digest, 'nonsense');
      }

      const job = await take(bench, 'a');
      expect(job.claim?.verdict).toEqual({ kind: 'new' });
      expect(await complete(bench, job)).toBe(0);
      expect(await record(bench)).toBe('c\n1.abc\n1\n\na\n{"ok":true}');
    },
  );

  it.each([`short\n${fingerprint}`, `${named}\nmore`, '\n\n'])(
    'is not made for a key that is named in a way that makes no sense: %j',
    async (nonsense) => {
      const bench = new LeaseBench(pool());

      expect((await take(bench, 'a', nonsense)).claim).toBeUndefined();
    },
  );

  it('is won by one of two, every time', async () => {
    const bench = new LeaseBench(pool());
    for (let race = 0; race < 200; race++) {
      const racers = `${String(race).padStart(32, '0')}\n1.abc`;
      await addPast(bench, `${race}-a`, racers);
      await addPast(bench, `${race}-b`, racers);
      const replies = await Promise.all([bench.calls.take([`${race}-1`]), bench.calls.take([`${race}-2`])]);
      const verdicts = replies.flatMap(({ jobs }) => jobs.map(({ claim }) => claim?.verdict.kind));
      expect(verdicts.sort()).toEqual(['busy', 'new']);
    }
  });
});

describe('the claim of a job whose id is the digest of its key', () => {
  it('needs no record: its lease says that it is at it', async () => {
    const bench = new LeaseBench(pool());

    const { claim } = await take(bench, digest);

    expect(claim).toEqual({ digest, fingerprint, fence: 1, verdict: { kind: 'new' } });
    expect(await record(bench)).toBeNull();
    expect((await take(bench, 'twin')).claim?.verdict).toEqual({ kind: 'busy' });
  });

  it('is busy while another job has the key, and has a greater fence after it', async () => {
    const bench = new LeaseBench(pool());
    const twin = await take(bench, 'twin');

    const own = await take(bench, digest, marked);
    expect(own.claim?.verdict).toEqual({ kind: 'busy' });

    await loseLease(bench, twin);
    await bench.calls.end({ kind: 'i', id: own.id, token: own.token, words: ['shutdown'] }, undefined);
    const [again] = (await bench.calls.take(['again'])).jobs;
    expect(again?.claim).toMatchObject({ fence: 2, verdict: { kind: 'new' } });
  });

  it('repeats what another job of the key has committed', async () => {
    const bench = new LeaseBench(pool());
    const twin = await take(bench, 'twin');
    await addPast(bench, digest, marked);
    await complete(bench, twin, '"twin"');

    const [own] = (await bench.calls.take(['own'])).jobs;

    expect(own?.claim?.verdict).toEqual({ kind: 'committed', resultJson: '"twin"' });
  });

  it('goes on with its fence when the job before it was given up and is gone', async () => {
    const bench = new LeaseBench(pool());
    const first = await take(bench, digest);
    const won = wonKey('open', digest, first.claim);
    const words = ['{"reason":"attempts_exhausted"}', '', 'boom', '[]', '', '', won, ''];
    expect((await bench.calls.end({ kind: 'd', id: digest, token: first.token, words }, undefined)).code).toBe(0);

    await bench.add({ id: digest, fingerprint });
    const [again] = (await bench.calls.take(['again'])).jobs;
    expect(again?.claim).toMatchObject({ fence: 2, verdict: { kind: 'new' } });
  });
});

/** Lets a worker that comes back after an outage take its lease again, if it may. */
async function takeLeaseBack(bench: LeaseBench, { id, token, starts }: FetchedJob): Promise<boolean> {
  const { active, stalled } = bench.keys;
  const jobs = JSON.stringify([{ id, token, starts }]);
  const lost = await leaseRenewScript.run(
    pool().client,
    { active, stalled },
    { base: bench.keys[''], lease: 60_000, jobs },
  );
  return lost.length === 0;
}

describe('a commit', () => {
  it.each([
    ['any job', 'any', 'other'],
    ['the job of the digest', digest, 'other'],
    ['any job', 'any', digest],
  ])('of %s (%s) is refused when another one (%s) has the key: it gets no lease again', async (_what, one, other) => {
    const bench = new LeaseBench(pool());
    const zombie = await take(bench, one);
    await loseLease(bench, zombie);
    const successor = await take(bench, other, other === digest ? marked : named);
    expect(successor.claim).toMatchObject({ fence: 2, verdict: { kind: 'new' } });

    expect(await takeLeaseBack(bench, zombie)).toBe(false);
    expect(await complete(bench, zombie, '"late"')).toBe(-2);
    expect(await pool().inspector.job(bench.queue, one)).toMatchObject({ state: 'active' });
    expect(await complete(bench, successor, '"first"')).toBe(0);
    expect(await complete(bench, zombie, '"later"')).toBe(-2);
    expect(await record(bench)).toBe(`c\n1.abc\n2\n\n${other === digest ? '' : other}\n"first"`);
  });

  it('counts when its worker took its lease again and nobody had the key meanwhile', async () => {
    const bench = new LeaseBench(pool());
    const job = await take(bench, digest);
    await loseLease(bench, job);

    expect(await takeLeaseBack(bench, job)).toBe(true);
    expect(await complete(bench, job)).toBe(0);
  });

  it('is made although the record is gone', async () => {
    const bench = new LeaseBench(pool());
    const job = await take(bench, 'a');
    await pool().client.del(await pagesOf(pool().client, ledgerBase(bench)));

    expect(await complete(bench, job)).toBe(0);
    expect(await record(bench)).toBe('c\n1.abc\n1\n\na\n{"ok":true}');
  });
});

describe('the ledger of jobs that BullMQ ends or wrote', () => {
  const ledgerOf = (bench: LeaseBench) =>
    new EffectLedger(pool().client, pool().keyspace, bench.queue, 3_600_000 as DurationMs);

  it('claims a key for a job that runs, and writes its name into it', async () => {
    const bench = new LeaseBench(pool());
    const job = await bench.take('mine');

    expect(await ledgerOf(bench).claim(job, digest, fingerprint)).toEqual({
      digest,
      fingerprint,
      fence: 1,
      verdict: { kind: 'new' },
    });
    expect(await bench.field(job.id, 'bwi')).toBe(named);
  });

  it('claims nothing for a job whose lease is lost', async () => {
    const bench = new LeaseBench(pool());
    const job = await bench.take('mine');
    await loseLease(bench, job);

    expect(await ledgerOf(bench).claim(job, digest, fingerprint)).toBeUndefined();
    expect(await record(bench)).toBeNull();
  });

  it('commits, takes it back, and lets only the holder of the lease do so, and the next run asks', async () => {
    const bench = new LeaseBench(pool());
    const ledger = ledgerOf(bench);
    const job = await take(bench, 'a');
    const claim = job.claim as Claim;
    const committed = { kind: 'committed', resultJson: '1' } as const;

    expect(await ledger.write({ ...job, token: 'not-mine' }, claim, committed)).toBe('lease_lost');
    expect(await ledger.write(job, claim, committed)).toBe('done');
    expect(await record(bench)).toBe('c\n1.abc\n1\n\na\n1');
    expect(await ledger.write(job, claim, { kind: 'open' })).toBe('done');
    expect(await record(bench)).toBe('r\n1.abc\n1\n\na\n');

    await loseLease(bench, job);
    expect(await ledger.write(job, claim, { kind: 'failed', failureJson: '{}' })).toBe('lease_lost');
  });
});

describe('the pages of the ledger', () => {
  const keptMs = 3_600_000;
  const other = 'e'.repeat(32);

  it('are written on for half of the time that keys are kept, then the next one is begun', async () => {
    const { client } = pool();
    const bench = new LeaseBench(pool());
    await complete(bench, await take(bench, 'a'));

    await agePages(client, ledgerBase(bench), keptMs / 2 - 60_000);
    await complete(bench, await take(bench, 'b', `${other}\n1.abc`));
    expect(await pagesOf(client, ledgerBase(bench))).toHaveLength(1);

    await agePages(client, ledgerBase(bench), 120_000);
    await complete(bench, await take(bench, 'c', `${'f'.repeat(32)}\n1.abc`));
    expect(await pagesOf(client, ledgerBase(bench))).toHaveLength(2);
    expect((await take(bench, 'd')).claim?.verdict.kind).toBe('committed');
  });

  it('keep the last record of a page for the whole time, and go when that is over', async () => {
    const { client } = pool();
    const bench = new LeaseBench(pool());
    const turnPage = async (id: string) => complete(bench, await take(bench, id, `${id.repeat(32)}\n1.abc`));
    await complete(bench, await take(bench, 'a'));

    await agePages(client, ledgerBase(bench), keptMs / 2 + 1_000);
    await turnPage('1');
    await agePages(client, ledgerBase(bench), keptMs - 60_000);
    await turnPage('2');
    expect((await take(bench, 'b')).claim?.verdict.kind).toBe('committed');

    await agePages(client, ledgerBase(bench), keptMs / 2 + 1_000);
    await turnPage('3');
    expect((await take(bench, 'c')).claim?.verdict.kind).toBe('new');
    expect(await client.keys(`${ledgerBase(bench)}*`)).toHaveLength(4);
  });

  it('answer the newer of two records of a key, and open it where it stands', async () => {
    const { client } = pool();
    const bench = new LeaseBench(pool());
    await loseLease(bench, await take(bench, 'a'));

    await agePages(client, ledgerBase(bench), keptMs / 2 + 1_000);
    const { claim } = await take(bench, 'b');

    expect(claim).toMatchObject({ fence: 2, verdict: { kind: 'new' } });
    expect(await record(bench)).toBe('r\n1.abc\n2\nlease-of-b\nb\n');
    expect(await pagesOf(client, ledgerBase(bench))).toHaveLength(2);
  });
});
