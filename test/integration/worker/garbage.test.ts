import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();

/** What a sound job looks like in Redis; garbage replaces or removes fields of it. */
const sound = { name: 'add', data: '{"a":1,"b":2}', opts: '{}', timestamp: '1', delay: '0', priority: '0' };
type Fields = Partial<Record<string, string>>;

/** A worker with one slot, so that a job that never ends holds up everything behind it, and a pen to write into its queue. */
async function startScribbling() {
  const job = defineJob({
    kind: 'add',
    queue: pool().queue(),
    payload: z.object({ a: z.number(), b: z.number() }),
    retry: { attempts: 2, base: 1, cap: 1 },
    run: ({ a, b }) => {
      if (a < 0) throw new Error('negative');
      return a + b;
    },
  });
  const queue = job.queue.name;
  const key = (part: string) => pool().keyspace.queue(queue, part);
  const worker = await pool().worker([job], { worker: { concurrency: 1 } });
  const producer = pool().producer();
  return {
    queue,
    worker,
    key,
    dead: pool().deadLetters(job.queue),
    async write(id: string, fields: Fields): Promise<void> {
      const present = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
      const write = pool().client.multi();
      if (present.length > 0) write.hset(key(id), Object.fromEntries(present));
      await write.lpush(key('wait'), id).zadd(key('marker'), 0, '0').exec();
    },
    /** A sound job that comes after the garbage is run, and the worker is idle in the end. */
    async expectAlive(): Promise<void> {
      expect(await producer.wait(await producer.enqueue(job, { a: 20, b: 22 }), { timeout: '3s' })).toBe(42);
      await eventually('no job is left', async () => {
        const { waiting, active, delayed } = await pool().inspector.sample(queue);
        return waiting + active + delayed === 0;
      });
    },
  };
}

describe('a job written by hand', () => {
  it('is run when it is sound', async () => {
    const { write, queue, expectAlive } = await startScribbling();

    await write('by-hand', sound);

    await expectAlive();
    expect(await pool().inspector.outcomes(queue, ['by-hand'])).toEqual([{ state: 'completed', result: 3 }]);
  });

  it.each<[what: string, fields: Fields, reason: string, message: string | RegExp]>([
    ['a payload that is not JSON', { data: 'no json' }, 'payload_not_json', 'not JSON'],
    ['an empty payload', { data: '' }, 'payload_not_json', 'not JSON'],
    ['no payload', { data: undefined }, 'payload_not_json', 'not JSON'],
    ['a payload of another shape', { data: '{"a":"1"}' }, 'payload_invalid', /a: .*\n {2}b: /],
    ['a payload that is null', { data: 'null' }, 'payload_invalid', '(payload)'],
    ['5 MB', { data: JSON.stringify({ a: 'x'.repeat(5_000_000) }) }, 'payload_too_large', 'at most 1048576'],
    ['5 MB of brackets', { data: '['.repeat(5_000_000) }, 'payload_too_large', 'at most 1048576'],
    ['deep brackets', { data: '['.repeat(200_000) }, 'payload_not_json', 'not JSON'],
    ['deep arrays', { data: `${'['.repeat(200_000)}${']'.repeat(200_000)}` }, 'payload_invalid', '(payload)'],
    ['an unknown kind', { name: 'ad' }, 'kind_unknown', 'did you mean add?'],
    ['no kind', { name: undefined }, 'kind_unknown', 'known kinds: add'],
    ['5 MB of kind', { name: 'x'.repeat(5_000_000) }, 'kind_unknown', 'unknown kind'],
    ['a kind that every object has', { name: 'constructor' }, 'kind_unknown', 'unknown kind'],
  ])('is dead-lettered with its reason when it has %s', async (_what, fields, reason, message) => {
    const { write, dead, expectAlive } = await startScribbling();

    await write('by-hand', { ...sound, ...fields });

    await expectAlive();
    const letter = await dead.get('by-hand');
    expect(letter).toMatchObject({ reason, attempts: [] });
    expect(letter?.error.message).toMatch(message);
    expect(Buffer.byteLength(letter?.error.message ?? '')).toBeLessThanOrEqual(2_048);
  });

  it('is dead-lettered when there is nothing but its id', async () => {
    const { write, dead, expectAlive } = await startScribbling();

    await write('nothing', {});

    await expectAlive();
    expect(await dead.get('nothing')).toMatchObject({ reason: 'kind_unknown' });
  });

  it.each([
    'no json',
    '{"bw":',
    'null',
    '7',
    '"text"',
    '[]',
    '{"delay":"soon"}',
    '{"delay":{}}',
    '{"delay":-5}',
    '{"attempts":{}}',
    '{"attempts":-3}',
    '{"priority":"high"}',
    '{"bw":7}',
    '{"bw":{"deadline":1e300,"version":1.5,"key":{}}}',
    '{"removeOnComplete":{"count":"few"}}',
    '{"removeOnComplete":{"age":"old"}}',
    '{"removeOnComplete":[]}',
    '{"__proto__":{"attempts":1}}',
  ])('is run when its options read %s, because its payload is sound', async (opts) => {
    const { write, queue, expectAlive } = await startScribbling();

    await write('by-hand', { ...sound, opts });

    await expectAlive();
    expect(await pool().inspector.outcomes(queue, ['by-hand'])).toMatchObject([{ state: 'completed' }]);
  });

  it.each([
    '{"attempts":"many"}',
    '{"attempts":{}}',
    '{"attempts":[]}',
    '{"attempts":-3}',
    '{"attempts":0.5}',
    '{"attempts":1e300}',
  ])('runs out of attempts when its options read %s', async (opts) => {
    const { write, dead, expectAlive } = await startScribbling();

    await write('by-hand', { ...sound, data: '{"a":-1,"b":2}', opts });

    await eventually('it is dead-lettered', () => dead.get('by-hand'));
    await expectAlive();
    expect(await dead.get('by-hand')).toMatchObject({ reason: 'attempts_exhausted' });
  });

  it('keeps options that cannot be read for whoever looks into it', async () => {
    const { write, dead, expectAlive } = await startScribbling();

    await write('by-hand', { ...sound, data: 'no json', opts: '{"attempts":' });

    await expectAlive();
    expect(await dead.get('by-hand')).toMatchObject({
      reason: 'payload_not_json',
      payload: 'no json',
      unreadableOptions: '{"attempts":',
    });
  });

  it.each<[string, Fields]>([
    ['timestamp', { timestamp: 'once' }],
    ['timestamp', { timestamp: undefined }],
    ['timestamp', { timestamp: '-1' }],
    ['atm', { atm: 'many' }],
    ['bwc', { bwc: 'some' }],
    ['bwh', { bwh: 'no json' }],
    ['bwk', { bwk: 'no json' }],
    ['bwk', { bwk: '[{"at":1e999}]', bwc: '-1' }],
    ['priority', { priority: 'high' }],
    ['delay', { delay: 'long' }],
    ['deid', { deid: 'nobody' }],
    ['parent', { parent: 'no json' }],
    ['parent', { parent: '[]', parentKey: 'nowhere:1' }],
    ['parentKey', { parentKey: 'nowhere' }],
    ['parentKey', { parentKey: '' }],
    ['rjk', { rjk: 'no-such-schedule' }],
  ])('ends, one way or the other, when its field %s reads %j', async (_field, fields) => {
    const { write, queue, expectAlive } = await startScribbling();

    await write('succeeds', { ...sound, ...fields });
    await write('fails', { ...sound, data: '{"a":-1,"b":2}', ...fields });
    await write('is-refused', { ...sound, data: 'no json', ...fields });

    await expectAlive();
    const states = await Promise.all(
      ['succeeds', 'fails', 'is-refused'].map(async (id) => {
        const hash = await pool().client.exists(
          pool().keyspace.queue(queue, id),
          pool().keyspace.queue(`${queue}.dead`, id),
        );
        const listed = await Promise.all([
          pool().client.zscore(pool().keyspace.queue(queue, 'completed'), id),
          pool().client.zscore(pool().keyspace.queue(queue, 'failed'), id),
          pool().client.zscore(pool().keyspace.queue(`${queue}.dead`, 'failed'), id),
        ]);
        return { id, hash, listed: listed.filter((score) => score !== null).length };
      }),
    );
    expect(states).toEqual([
      { id: 'succeeds', hash: 1, listed: 1 },
      { id: 'fails', hash: 1, listed: 1 },
      { id: 'is-refused', hash: 1, listed: 1 },
    ]);
  });

  it('holds up nobody when its key is of another type', async () => {
    const { key, expectAlive, queue } = await startScribbling();
    await pool().client.set(key('odd'), 'a string');

    await pool().client.multi().lpush(key('wait'), 'odd').zadd(key('marker'), 0, '0').exec();

    await eventually('it was taken', async () => (await pool().inspector.sample(queue)).waiting === 0);
    await pool().client.lrem(key('active'), 0, 'odd');
    await expectAlive();
  });
});
