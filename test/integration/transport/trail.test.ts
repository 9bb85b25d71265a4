import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadLetterStore } from '../../../src/dead-letter/dead-letter-store.js';
import { parseTrail } from '../../../src/job/trail.js';
import { orphan } from '../../support/orphan.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench } from './lease-bench.js';

const pool = usePool();
const appendTrail = readFileSync('src/transport/lua/append-trail.lua', 'utf8');
const key = 'job-with-a-trail';

/** Appends as a script does, to whatever is there. */
async function append(...entries: object[]): Promise<void> {
  for (const entry of entries) {
    await pool().client.eval(`${appendTrail}\nappendTrail(KEYS[1], ARGV[1])`, 1, key, JSON.stringify(entry));
  }
}
const trailOf = async (jobKey: string) => parseTrail((await pool().client.hget(jobKey, 'bwt')) ?? undefined);
const startWith = (written: string) => pool().client.hset(key, 'bwt', written);

describe('the trail of a job', () => {
  it('keeps what happened in its order, the last twenty', async () => {
    await startWith('[]');

    await append(...Array.from({ length: 25 }, (_, at) => ({ at, what: 'redriven', by: `op-${at}` })));

    expect(await trailOf(key)).toEqual(
      Array.from({ length: 20 }, (_, n) => ({ at: n + 5, what: 'redriven', by: `op-${n + 5}` })),
    );
  });

  it('counts what happens again for the same reason, and forgets nothing else for it', async () => {
    await startWith('[]');
    const park = (at: number) => ({ at, what: 'parked', reason: 'newer_version', until: at + 5 });

    await append({ at: 1, what: 'redriven' }, ...Array.from({ length: 300 }, (_, n) => park(10 + n)));
    await append({ ...park(400), reason: 'quarantine' }, { ...park(500), reason: 'quarantine', crashes: 3 });

    expect(await trailOf(key)).toEqual([
      { at: 1, what: 'redriven' },
      { ...park(309), first: 10, times: 300 },
      { ...park(400), reason: 'quarantine' },
      { ...park(500), reason: 'quarantine', crashes: 3 },
    ]);
  });

  it('for anything that lies there, begins anew or goes on, within bounds, and never breaks a script off', async () => {
    const entry = { at: 7, what: 'parked', reason: 'newer_version' };
    const written = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.array(fc.jsonValue()).map((list) => JSON.stringify(list)),
      fc.constantFrom('[1e400]', `[${'['.repeat(990)}${']'.repeat(990)}]`, JSON.stringify(['x'.repeat(50_000)])),
    );

    await fc.assert(
      fc.asyncProperty(written, async (text) => {
        await startWith(text);

        await append(entry);

        expect((await pool().client.hstrlen(key, 'bwt')) as number).toBeLessThanOrEqual(20_000);
        expect((await trailOf(key)).at(-1)).toMatchObject(entry);
      }),
    );
  });
});

describe('a job that is parked', () => {
  it('keeps why, until when, and after how many losses of a worker', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await pool().client.hset(bench.jobKey(id), 'bwc', '2');

    await bench.calls.end({ kind: 'p', id, token: 'mine', words: [60_000, 'newer_version'] }, undefined);

    const [parked, ...rest] = await trailOf(bench.jobKey(id));
    expect(parked).toEqual({
      at: expect.any(Number),
      what: 'parked',
      reason: 'newer_version',
      until: expect.any(Number),
      crashes: 2,
    });
    expect(Number(parked?.['until']) - Number(parked?.at)).toBe(60_000);
    expect(rest).toEqual([]);
  });
});

describe('a redrive', () => {
  async function bury() {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    const error = { name: 'PoisonJobError', code: 'X', message: 'boom', fingerprint: 'f00' };
    const record = { reason: 'poison', queue: bench.queue, id, by: 'bench', error };
    await pool().admin.deadLetterOrphan(orphan(bench.queue, id, 'mine', { lines: ['last words'] }), record as never);
    const store = new DeadLetterStore(pool().client, pool().keyspace, bench.queue);
    return { bench, id, store, deadKey: `${bench.dead['']}${id}` };
  }

  it('leaves in the trail how the job lost its workers, how it died, when it was enqueued, and itself', async () => {
    const { bench, id, store, deadKey } = await bury();
    const [enqueued, died] = await pool().client.hmget(deadKey, 'timestamp', 'finishedOn');

    await store.redrive({ deadId: id, id }, { by: 'ada@host' });

    expect(await trailOf(bench.jobKey(id))).toEqual([
      { at: 1_000, what: 'crashed', how: 'exited', worker: 'w1' },
      {
        at: Number(died),
        what: 'dead_lettered',
        reason: 'poison',
        by: 'bench',
        error: 'PoisonJobError',
        code: 'X',
        message: 'boom',
        fingerprint: 'f00',
        crashes: 1,
        enqueuedAt: Number(enqueued),
      },
      expect.objectContaining({ at: expect.any(Number), what: 'redriven' }),
    ]);
  });

  it.each<[string, Record<string, string>]>([
    ['no numbers', { finishedOn: 'inf', timestamp: 'nan', bwc: '0x10' }],
    ['no lists', { bwk: '{"a":{}}', bwt: '7', bwd: 'null' }],
    ['wrong things in them', { bwk: '[7,{"at":{},"x":[1e999]}]', bwd: '{"error":7,"reason":{},"by":[]}' }],
    ['numbers for texts', { bwd: '{"error":{"name":1e308,"code":404},"reason":9}', bwt: '[[[]]]' }],
  ])('brings back a job whose fields are %s', async (_what, fields) => {
    const { bench, id, store, deadKey } = await bury();
    await pool().client.hset(deadKey, fields);

    await store.redrive({ deadId: id, id }, { by: 'ada@host' });

    expect(await pool().inspector.job(bench.queue, id)).toMatchObject({ state: 'waiting' });
    expect((await trailOf(bench.jobKey(id))).at(-1)).toMatchObject({ what: 'redriven' });
  });
});
