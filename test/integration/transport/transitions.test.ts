import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { deadLetterScript, quarantineScript, releaseScript } from '../../../src/transport/transition-scripts.js';
import type { JobEnd } from '../../../src/transport/work-calls.js';
import { jobCrash, orphan } from '../../support/orphan.js';
import { usePool } from '../worker-pool/test-pool.js';
import { LeaseBench, rawReply } from './lease-bench.js';

const pool = usePool();
const attempt = JSON.stringify({ attempt: 1, worker: 'w', startedAt: 1, endedAt: 2, error: { message: 'boom' } });
const crash = JSON.stringify(jobCrash());

const packr = new Packr({ useRecords: false });
const fields = packr.pack(['failedReason', 'boom', 'stacktrace', '["at x"]']);

/** Every way in which a worker ends a run of a job, called with the lease of `token`. */
const ends = {
  complete: endBy('c', ['{"done":true}', '/-1/1000', '']),
  retry: endBy('y', [60_000, '', 1, fields, attempt]),
  park: endBy('p', [60_000, 'newer_version']),
  release: endBy('i', []),
  'dead-letter': endBy('d', ['{"reason":"permanent_error"}', attempt, 'boom', '["at x"]', '', '', '', '']),
} as const;

function endBy(kind: JobEnd['kind'], words: JobEnd['words']) {
  return async (bench: LeaseBench, id: string, token: string): Promise<unknown> =>
    (await bench.calls.end({ kind, id, token, words }, undefined)).code;
}

const fenceOf = (bench: LeaseBench) => bench.pool.keyspace.fence(bench.queue);

/** Every way in which the supervisor ends a run on behalf of a worker that died. */
const repairs = {
  recover: (bench: LeaseBench, id: string, token: string) => giveBack(bench, id, token, crash),
  quarantine: (bench: LeaseBench, id: string, token: string) =>
    rawReply(
      bench.pool,
      quarantineScript,
      {
        ...bench.keys,
        job: bench.jobKey(id),
        parked: bench.pool.keyspace.parked(bench.queue, 'quarantine'),
        priorityCounter: bench.keys.pc,
        fence: fenceOf(bench),
      },
      {
        id,
        token,
        base: bench.keys[''],
        parkedBase: bench.pool.keyspace.parkedBase(bench.queue),
        crash,
        keep: 2,
        delay: 60_000,
        spacing: 5_000,
        most: 3_600_000,
        epoch: '',
      },
    ),
  bury: (bench: LeaseBench, id: string, token: string) =>
    rawReply(
      bench.pool,
      deadLetterScript,
      {
        ...bench.keys,
        job: bench.jobKey(id),
        deadFailed: bench.dead.failed,
        deadEvents: bench.dead.events,
        deadMeta: bench.dead.meta,
        fence: fenceOf(bench),
      },
      {
        id,
        token,
        base: bench.keys[''],
        deadBase: bench.dead[''],
        record: '{"reason":"permanent_error"}',
        attempt,
        keep: 2,
        message: 'boom',
        stack: '["at x"]',
        data: '',
        opts: '',
        crash,
        keepCrashes: 2,
        ledgerBase: bench.pool.keyspace.ledgerBase(bench.queue),
        epoch: '',
      },
    ),
} as const;

function giveBack(bench: LeaseBench, id: string, token: string, crashJson: string): Promise<unknown> {
  return rawReply(
    bench.pool,
    releaseScript,
    { ...bench.keys, job: bench.jobKey(id), priorityCounter: bench.keys.pc, fence: fenceOf(bench) },
    { id, token, base: bench.keys[''], crash: crashJson, keep: 2, failure: '', epoch: '', reason: '', worker: '' },
  );
}

const transitions = { ...ends, ...repairs };
type Transition = keyof typeof transitions;
const all = Object.keys(transitions) as Transition[];

type Loss = readonly [what: string, code: number, lose: (bench: LeaseBench, id: string) => Promise<unknown>];

/** Every way in which a job may be gone, and the code that says so. */
const disappearances: readonly Loss[] = [
  ['the job is gone', -1, (bench, id) => bench.pool.client.del(bench.jobKey(id))],
  [
    'what lies under its key is no job',
    -1,
    async (bench, id) => {
      await bench.pool.client.del(bench.jobKey(id));
      await bench.pool.client.set(bench.jobKey(id), 'a string');
    },
  ],
];

/** Every way to have lost a job that is there, and the code that says so. */
const losses: readonly Loss[] = [
  ['its lease has run out', -2, (bench, id) => bench.pool.client.del(`${bench.jobKey(id)}:lock`)],
  ['it is not active', -3, (bench, id) => bench.pool.client.lrem(bench.keys.active, 0, id)],
  ['somebody else holds it', -6, (bench, id) => bench.pool.client.set(`${bench.jobKey(id)}:lock`, 'other')],
];

describe.each(Object.keys(ends) as (keyof typeof ends)[])('%s', (name) => {
  it.each(disappearances)('is refused when %s, and writes nothing', async (_what, code, lose) => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await lose(bench, id);
    const before = await pool().dump();

    const reply = await transitions[name](bench, id, 'mine');

    expect(reply).toBe(code);
    expect(await pool().dump()).toEqual(before);
  });
});

describe.each(all)('%s', (name) => {
  it.each(losses)('is refused when %s, and writes nothing', async (_what, code, lose) => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await lose(bench, id);
    const before = await pool().dump();

    const reply = await transitions[name](bench, id, 'mine');

    expect(reply).toBe(code);
    expect(await pool().dump()).toEqual(before);
  });

  it('takes the job out of active and drops its lease', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await pool().client.sadd(bench.keys.stalled, id);

    const reply = await transitions[name](bench, id, 'mine');

    expect(reply).toBe(name === 'bury' ? id : 0);
    expect(await pool().client.llen(bench.keys.active)).toBe(0);
    expect(await pool().client.exists(`${bench.jobKey(id)}:lock`, bench.keys.stalled)).toBe(0);
  });

  it('wakes a worker that sleeps because the queue allows no more at once', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await bench.add();
    await pool().client.hset(bench.keys.meta, 'concurrency', 1);
    await pool().client.del(bench.keys.marker);

    await transitions[name](bench, id, 'mine');

    expect(await pool().client.zscore(bench.keys.marker, '0')).toBe('0');
  });

  it('wakes nobody in a paused queue', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await bench.backend.pause(true);
    await pool().client.del(bench.keys.marker);

    await transitions[name](bench, id, 'mine');

    expect(await pool().client.zscore(bench.keys.marker, '0')).toBeNull();
  });
});

describe.each(Object.keys(repairs) as (keyof typeof repairs)[])('%s', (name) => {
  it.each(disappearances)(
    'is refused when %s, and clears the id away: nobody else would',
    async (_what, code, lose) => {
      const bench = new LeaseBench(pool());
      const { id } = await bench.take('mine');
      await lose(bench, id);

      const reply = await repairs[name](bench, id, 'mine');

      expect(reply).toBe(code);
      expect(await pool().client.llen(bench.keys.active)).toBe(0);
    },
  );

  it('is refused without a token while somebody holds the job, and writes nothing', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    const before = await pool().dump();

    const reply = await transitions[name](bench, id, '');

    expect(reply).toBe(-6);
    expect(await pool().dump()).toEqual(before);
  });

  it('works for a job whose lease ran out when it is told so', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await pool().client.del(`${bench.jobKey(id)}:lock`);

    const reply = await transitions[name](bench, id, '');

    expect(reply).toBe(name === 'bury' ? id : 0);
  });
});

describe('retry', () => {
  it('delays the job, counts the attempt, and keeps the newest of its history', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    const history = [1, 2].map((n) => ({ attempt: n }));
    await pool().client.hset(bench.jobKey(id), 'bwh', JSON.stringify(history));

    await transitions.retry(bench, id, 'mine');

    expect(await bench.field(id, 'atm')).toBe('1');
    expect(await bench.field(id, 'failedReason')).toBe('boom');
    expect(JSON.parse((await bench.field(id, 'bwh')) ?? '')).toEqual([{ attempt: 2 }, JSON.parse(attempt)]);
    const due = Number(await pool().client.zscore(bench.keys.delayed, id)) / 4096;
    expect(due).toBeGreaterThan(Date.now() + 55_000);
    expect(due).toBeLessThan(Date.now() + 65_000);
    expect((await bench.events()).at(-1)).toMatchObject({ event: 'delayed', jobId: id });
  });

  it.each(['no json', '{}', '[1e999]', '"text"', '{"a":1}'])('loses no job whose history reads %s', async (history) => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await pool().client.hset(bench.jobKey(id), 'bwh', history);

    await transitions.retry(bench, id, 'mine');

    expect(await pool().client.zscore(bench.keys.delayed, id)).not.toBeNull();
  });

  it('loses no job whose count of attempts is no number', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await pool().client.hset(bench.jobKey(id), 'atm', 'many');

    await transitions.retry(bench, id, 'mine');

    expect(await pool().client.zscore(bench.keys.delayed, id)).not.toBeNull();
    expect(await bench.field(id, 'atm')).toBe('1');
  });

  it('keeps the order of jobs that are due in the same millisecond', async () => {
    const bench = new LeaseBench(pool());
    const jobs = [await bench.take('a'), await bench.take('b'), await bench.take('c')];
    // One script call is one moment to Redis, so all three are due in the same millisecond or in rising ones.
    for (const { id, token } of jobs) await transitions.retry(bench, id, token);

    expect(await pool().client.zrange(bench.keys.delayed, '0', '-1')).toEqual(jobs.map(({ id }) => id));
  });
});

describe('park', () => {
  it('delays the job without counting an attempt, and puts it on the list of its reason', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    const parked = pool().keyspace.parked(bench.queue, 'newer_version');
    await pool().client.zadd(parked, 1, 'came-back-long-ago');

    await transitions.park(bench, id, 'mine');

    expect(await bench.field(id, 'atm')).toBeNull();
    expect(await bench.field(id, 'bwp')).toBe('newer_version');
    expect(await pool().client.zrange(parked, '0', '-1')).toEqual([id]);
    expect(await pool().client.pttl(parked)).toBeGreaterThan(60_000);
    expect(await pool().client.zscore(bench.keys.delayed, id)).not.toBeNull();
  });
});

describe('release', () => {
  it('makes the job the next to start, without counting an attempt or a crash', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await bench.add();

    await transitions.release(bench, id, 'mine');

    expect((await pool().client.lrange(bench.keys.wait, 0, -1)).at(-1)).toBe(id);
    expect(await bench.field(id, 'atm')).toBeNull();
    expect(await bench.field(id, 'bwc')).toBeNull();
    expect((await bench.events()).at(-1)).toMatchObject({ event: 'waiting', jobId: id, prev: 'active' });
  });

  it('puts a job with a priority in front of its equals and behind what is more urgent', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine', { priority: 5 });
    const [urgent, equal] = [await bench.add({ priority: 4 }), await bench.add({ priority: 5 })];

    await transitions.release(bench, id, 'mine');

    expect(await pool().client.zrange(bench.keys.prioritized, '0', '-1')).toEqual([urgent, id, equal]);
  });

  it.each(disappearances)('is refused without a crash when %s, and writes nothing', async (_what, code, lose) => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await lose(bench, id);
    const before = await pool().dump();

    const reply = await giveBack(bench, id, 'mine', '');

    expect(reply).toBe(code);
    expect(await pool().dump()).toEqual(before);
  });

  it('counts a crash and tells of it when the worker died', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');

    await pool().admin.recover(orphan(bench.queue, id, 'mine'));

    expect(await bench.field(id, 'bwc')).toBe('1');
    expect(await bench.events()).toContainEqual({ event: 'stalled', jobId: id });
  });

  it('clears away an active id without a job when its worker died', async () => {
    const bench = new LeaseBench(pool());
    await pool().client.lpush(bench.keys.active, 'nothing');

    const reply = await pool().admin.recover(orphan(bench.queue, 'nothing', ''));

    expect(reply).toBe('job_gone');
    expect(await pool().client.llen(bench.keys.active)).toBe(0);
  });
});

describe('dead-letter', () => {
  it('moves the job as it is, with its logs, and leaves nothing behind in its queue', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await pool().client.rpush(`${bench.jobKey(id)}:logs`, 'line');

    await transitions['dead-letter'](bench, id, 'mine');

    const left = await pool().client.keys(`${bench.keys['']}${id}*`);
    expect(left).toEqual([]);
    const dead = await pool().client.hgetall(`${bench.dead['']}${id}`);
    expect(dead).toMatchObject({
      data: '{"n":1}',
      name: 'test',
      failedReason: 'boom',
      atm: '1',
      stacktrace: '["at x"]',
    });
    expect(JSON.parse(dead['bwh'] ?? '')).toEqual([JSON.parse(attempt)]);
    expect(await pool().client.lrange(`${bench.dead['']}${id}:logs`, 0, -1)).toEqual(['line']);
    expect(await pool().client.zrange(bench.dead.failed, '0', '-1')).toEqual([id]);
    expect((await bench.events()).at(-1)).toMatchObject({ event: 'failed', jobId: id, failedReason: 'boom' });
    expect((await bench.events(bench.dead.events)).at(-1)).toMatchObject({ event: 'failed', jobId: id });
  });

  it('keeps each death of an id that dies again', async () => {
    const bench = new LeaseBench(pool());
    for (const token of ['one', 'two', 'three']) {
      await bench.take(token, { id: 'same', payloadJson: `"${token}"` });
      await pool().client.rpush(`${bench.jobKey('same')}:logs`, token);
      await transitions['dead-letter'](bench, 'same', token);
    }

    // The newest lies under the id itself, where whoever waits for the job looks.
    expect((await pool().client.zrange(bench.dead.failed, '0', '-1')).sort()).toEqual(['same', 'same~1', 'same~2']);
    for (const [id, token] of [
      ['same~1', 'one'],
      ['same~2', 'two'],
      ['same', 'three'],
    ] as const) {
      expect(await pool().client.hget(`${bench.dead['']}${id}`, 'data')).toBe(`"${token}"`);
      expect(await pool().client.lrange(`${bench.dead['']}${id}:logs`, 0, -1)).toEqual([token]);
    }
  });

  it('loses no job whose counts are no numbers', async () => {
    const bench = new LeaseBench(pool());
    const { id } = await bench.take('mine');
    await pool().client.hset(bench.jobKey(id), { atm: 'many', bwc: 'few', bwh: '[1e999]' });

    await transitions['dead-letter'](bench, id, 'mine');

    expect(await pool().client.zrange(bench.dead.failed, '0', '-1')).toEqual([id]);
  });
});
