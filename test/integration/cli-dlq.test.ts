import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createProducer, createWorker } from '../../src/index.js';
import type { KindRegistry } from '../../src/job/registry.js';
import { deadLetterQueue, type Keyspace } from '../../src/redis/keyspace.js';
import { jobsFile, testJobs } from '../fixtures/cli/jobs.js';
import { useNamespace } from '../fixtures/cli/namespace.js';
import type { CliRun } from '../fixtures/cli/run.js';
import { readAudit } from '../support/audit.js';
import { type GivenLetter, putLetters } from '../support/dead-letters.js';
import { eventually } from '../support/eventually.js';
import { spawnBulwark, spawnProcess } from '../support/processes.js';
import { temporaryFolder } from '../support/temp-folder.js';
import { silent } from './worker-pool/test-pool.js';

// Processes start slowly on machines that have other things to do, too.
vi.setConfig({ testTimeout: 30_000 });

const queue = 'quick';
const pool = useNamespace();
let jobs: KindRegistry;
let client: Redis;
let keys: Keyspace;

beforeAll(async () => {
  jobs = await testJobs();
});
beforeEach(() => {
  ({ client, keys } = pool());
});

const cli = (...argv: string[]): Promise<CliRun> => pool().cli('dlq', ...argv);
const cliJson = <T = Record<string, unknown>>(...argv: string[]) => pool().answer<T>('dlq', ...argv);
const put = (...letters: GivenLetter[]) => putLetters(client, keys, queue, letters);
const dead = (): Promise<string[]> => client.zrange(keys.queue(deadLetterQueue(queue), 'failed'), '0', '-1');
const live = async (): Promise<string[]> => (await client.lrange(keys.queue(queue, 'wait'), 0, -1)).reverse();
const field = (id: string, name: string) => client.hget(keys.queue(queue, id), name);
const refused = { code: 'ECONNREFUSED', name: 'Error', message: 'connect ECONNREFUSED smtp:25', fingerprint: 'f01' };

const audit = () => readAudit(client, keys.namespace);

describe('dlq ls --group', () => {
  it('has one line per cause, most first, with what to do', async () => {
    await put(
      ...[1, 2, 3].map((n) => ({
        id: `smtp-${n}`,
        kind: 'send-receipt',
        reason: 'attempts_exhausted',
        error: refused,
      })),
      { id: 'one', error: { message: 'no order 7', fingerprint: 'f02' } },
    );

    const { code, stdout } = await cli('ls', '--group');

    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(
      /^3 x connect ECONNREFUSED smtp:25 in send-receipt since \d{4}-\d\d-\d\d \d\d:\d\d UTC, last /,
    );
    expect(lines[1]).toContain('attempts_exhausted, fingerprint f01: redrive when what it depends on works again');
    expect(lines[2]).toMatch(/^1 x PermanentError: no order 7 in refuse at /);
  });

  it('says so when it looked at a part only, and when it shows a part only', async () => {
    await put(...[1, 2, 3].map((n) => ({ id: `${n}`, diedAt: n * 1_000, error: { fingerprint: `f${n}` } })));

    const part = await cli('ls', '--group', '--newest', '2', '--limit', '1');
    const { document } = await cliJson('ls', '--group', '--newest', '2');

    expect(part.stdout).toContain('1 of 2 causes; --limit shows more');
    expect(part.stdout).toContain('only the 2 newest of each queue were looked at, 2 of 3; --newest looks at more');
    expect(document).toMatchObject({
      total: 3,
      read: 2,
      matching: 2,
      causes: 2,
      groups: [{ fingerprint: 'f3' }, { fingerprint: 'f2' }],
    });
  });
});

describe('filters', () => {
  const mixed: GivenLetter[] = [
    { id: 'a', kind: 'echo', tenant: 'acme', diedAt: Date.parse('2026-01-01T10:00:00Z') },
    { id: 'b', kind: 'refuse', reason: 'poison', diedAt: Date.parse('2026-01-01T11:00:00Z') },
    { id: 'c', kind: 'echo', error: { fingerprint: 'f99' }, diedAt: Date.parse('2026-01-01T12:00:00Z') },
    { id: 'd', kind: 'echo', diedAt: Date.now() - 60_000 },
  ];

  it.each<[string[], string[]]>([
    [
      ['--kind', 'echo'],
      ['a', 'c', 'd'],
    ],
    [['--tenant', 'acme'], ['a']],
    [['--reason', 'poison'], ['b']],
    [['--fingerprint', 'f99'], ['c']],
    [['--since', '1h'], ['d']],
    [['--since', '2026-01-01T11:00:00Z', '--until', '2026-01-01T12:00:00Z'], ['b']],
    [
      ['--kind', 'echo', '--limit', '2'],
      ['a', 'c'],
    ],
    [['--until', '2026-01-01T10:30:00Z', '--kind', 'refuse'], []],
  ])('%j choose %j, the same for every command', async (filter, ids) => {
    await put(...mixed);

    const listed = await cliJson<{ letters: { deadId: string }[] }>('ls', queue, ...filter);
    const rehearsed = await cliJson<{ redriven: string[] }>('redrive', queue, ...filter, '--dry-run');
    const doomed = await cliJson<{ wouldDelete: string[] }>('purge', queue, ...filter, '--dry-run');
    const exported = await cli('export', queue, ...filter);

    const shown = listed.document.letters.map(({ deadId }) => deadId).reverse();
    if (!filter.includes('--limit')) expect(shown).toEqual(ids);
    expect(rehearsed.document.redriven).toEqual(ids);
    expect(doomed.document.wouldDelete).toEqual(ids);
    const lines = exported.stdout.split('\n').filter((line) => line !== '');
    expect(lines.map((line) => (JSON.parse(line) as { deadId: string }).deadId)).toEqual(ids);
    expect(await dead()).toHaveLength(4);
  });

  it.each<[string[], string]>([
    [['redrive', queue, 'a', '--kind', 'echo'], 'not both'],
    [['purge', queue, '--all', '--limit', '3'], '--limit 3 only some'],
    [['ls', '--since', '1h', '--until', '2h'], '--since 1h is not before --until 2h'],
    [['ls', '--reason', 'poisson'], 'did you mean poison?'],
    [['export', queue, '--json'], 'leave --json out'],
    [['redrive', queue, 'a', '--unchecked'], 'give --patch, or leave it out'],
    [['redrive', queue, 'a', '--patch', '{'], '--patch is not JSON'],
  ])('%j is refused with what to do', async (argv, message) => {
    await put(...mixed);

    const { code, stderr } = await cli(...argv);

    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    expect(await dead()).toHaveLength(4);
  });
});

describe('letters that nobody can read', () => {
  const putGarbage = async () => {
    const base = keys.queueBase(deadLetterQueue(queue));
    await put(
      { id: 'sound' },
      { id: 'no-json', fields: { bwd: 'no json', opts: 'no json', data: 'no json', bwh: '7', bws: '7', bwt: '7' } },
      { id: 'empty', fields: { bwd: '{}' } },
      { id: 'null', fields: { bwd: 'null', opts: 'null', data: 'null', bwh: '[null]' } },
    );
    await client.hset(`${base}plain`, { name: 'plain', data: '{}', opts: '{}', timestamp: 1, failedReason: 'no ink' });
    await client.set(`${base}text`, 'a string');
    const failed = keys.queue(deadLetterQueue(queue), 'failed');
    await client.zadd(failed, 5, 'plain', 6, 'text', 7, 'gone', 'inf', 'sound');
  };

  it.each([
    ['ls'],
    ['ls', '--group'],
    ['export'],
    ['redrive', queue, '--all', '--dry-run'],
    ['purge', queue, '--all', '--dry-run'],
  ])('%s goes on past them', async (...argv) => {
    await putGarbage();

    const { code, stdout } = await cli(...argv);

    expect(code).toBe(0);
    expect(stdout).toContain(
      argv.includes('export') ? 'plain' : argv.includes('purge') ? 'would be deleted' : 'unknown',
    );
  });

  it.each(['no-json', 'empty', 'null', 'plain', 'text'])('show says what it can of %s', async (id) => {
    await putGarbage();

    const { code, stdout } = await cli('show', id);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^reason +unknown$/m);
    expect(stdout).toMatch(/^what to do +its record cannot be read/m);
  });

  it('are redriven where they are jobs, and left where they are not', async () => {
    await putGarbage();

    const { code, document } = await cliJson<{ redriven: string[]; notFound: string[] }>('redrive', queue, '--all');

    expect(code).toBe(1);
    expect(document.notFound).toEqual(['text']);
    expect((await live()).sort()).toEqual(['empty', 'no-json', 'null', 'plain', 'sound']);
    expect(await dead()).toEqual(['text', 'gone']);
  });
});

describe('dlq redrive', () => {
  it('writes who did it into the trail of each job, and why into the audit stream, too', async () => {
    await put({ id: 'a' }, { id: 'b' });

    await cli('redrive', queue, '--kind', 'refuse', '--why', 'smtp is back');

    const [entry] = await audit();
    expect(entry).toMatchObject({ what: 'dead_letters.redrive', queue, why: 'smtp is back', count: '2' });
    expect(entry?.['by']).toMatch(/^.+@.+$/);
    expect(JSON.parse(entry?.['details'] ?? '')).toMatchObject({
      which: 'kind=refuse',
      patched: false,
      causes: [{ count: 2 }],
    });
    expect(JSON.parse((await field('a', 'bwt')) ?? '').at(-1)).toEqual({
      at: expect.any(Number),
      what: 'redriven',
      by: entry?.['by'],
    });
  });

  it('goes evenly, so many a second', async () => {
    await put(...Array.from({ length: 7 }, (_, n) => ({ id: `${n}` })));
    const startedAt = performance.now();

    const { code } = await cli('redrive', queue, '--all', '--rate', '10');

    expect(code).toBe(0);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(600);
    expect(await live()).toHaveLength(7);
  });

  it('halts when what it has put back fails again, and says why and how many are left', async () => {
    await put(...Array.from({ length: 200 }, (_, n) => ({ id: `${n}`, payload: { why: 'no paper' } })));
    const worker = createWorker({ redis: pool().redis, jobs: jobs.jobs, log: silent });
    onTestFinished(async () => {
      await worker.stop();
    });
    await worker.start();

    const { code, document } = await cliJson<{ left: number; redriven: string[] }>(
      ...['redrive', queue, '--all', '--rate', '20', '--halt-after', '5'],
    );

    expect(code).toBe(1);
    expect(document).toMatchObject({
      end: 'halted',
      halt: { reason: 'failing_again' },
      ends: { causes: [{ kind: 'refuse' }] },
    });
    expect(document.left).toBeGreaterThan(0);
    expect(document.redriven.length + document.left).toBe(200);
    await eventually('all are dead again', async () => (await dead()).length === 200);
  });

  it('waits for the last of them with --watch, and says what became of them', async () => {
    await put({ id: 'good', kind: 'echo', payload: { word: 'a' } }, { id: 'bad' });
    const worker = createWorker({ redis: pool().redis, jobs: jobs.jobs, log: silent });
    onTestFinished(async () => {
      await worker.stop();
    });
    await worker.start();

    const { code, stdout } = await cli('redrive', queue, '--all', '--watch');

    expect(code).toBe(0);
    expect(stdout).toContain('of them 1 completed, 1 failed again');
    expect(stdout).toContain('1 x PermanentError: x in refuse');
  });

  it('stops at Ctrl-C with every letter either dead or live, and says how far it came', async () => {
    await put(...Array.from({ length: 100 }, (_, n) => ({ id: `${n}` })));
    const redrive = spawnBulwark(['dlq', 'redrive', queue, '--all', '--rate', '20', ...pool().where]);
    await eventually('it has begun', async () => (await live()).length > 3, { timeoutMs: 20_000 });

    redrive.kill('SIGINT');

    expect(await redrive.exited).toMatchObject({ code: 130 });
    const [waiting, left] = [await live(), await dead()];
    expect(waiting.length + left.length).toBe(100);
    expect(left.length).toBeGreaterThan(0);
    expect(redrive.text('stdout')).toContain(`stopped; ${left.length} letters are left as they were`);
  });
});

describe('dlq redrive --patch', () => {
  const patched = (...argv: string[]) => cli('redrive', queue, ...argv, '--jobs', jobsFile);

  it('changes the payload on the way', async () => {
    await put({ id: 'a', kind: 'echo', payload: { word: 'a', times: 3, extra: { x: 1, y: 2 } } });

    const { code } = await patched('a', '--patch', '{"word":"b","times":null,"extra":{"x":null}}');

    expect(code).toBe(0);
    expect(JSON.parse((await field('a', 'data')) ?? '')).toEqual({ word: 'b', extra: { y: 2 } });
  });

  it('changes nothing when one payload would not fit its schema, and says which', async () => {
    await put({ id: 'a', kind: 'echo', payload: { word: 'a' } }, { id: 'b', kind: 'echo', payload: {} });

    const { code, stderr } = await patched('--all', '--patch', '{"times":2}');

    expect(code).toBe(2);
    expect(stderr).toContain('the payload of echo, with the patch applied, does not fit its schema');
    expect(stderr).toContain('b: word');
    expect(await dead()).toHaveLength(2);
    expect(await audit()).toEqual([]);
  });

  it('is checked on a rehearsal, too', async () => {
    await put({ id: 'a', kind: 'echo', payload: { word: 'a' } });

    expect(await patched('a', '--patch', '{"word":7}', '--dry-run')).toMatchObject({ code: 2 });
    expect(await patched('a', '--patch', '{"word":"b"}', '--dry-run')).toMatchObject({ code: 0 });
    expect(await dead()).toEqual(['a']);
  });

  it('is refused for a kind that is not known here, unless it is to go unchecked', async () => {
    await put({ id: 'a', kind: 'send-receipt', payload: { to: 'ada' } });

    const refusal = await patched('a', '--patch', '{"to":7}');
    const unloadable = await cli('redrive', queue, 'a', '--patch', '{"to":7}', '--jobs', '/nowhere');
    const forced = await patched('a', '--patch', '{"to":7}', '--unchecked');

    expect(refusal).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('kind "send-receipt" is not known here'),
    });
    expect(unloadable).toMatchObject({ code: 2, stderr: expect.stringContaining('or say --unchecked') });
    expect(forced.code).toBe(0);
    expect(JSON.parse((await field('a', 'data')) ?? '')).toEqual({ to: 7 });
  });
});

describe('dlq export and import', () => {
  const file = () => join(temporaryFolder(), 'letters.jsonl');
  const deadKeys = async () => {
    const found = (await client.keys(`${keys.queueBase(deadLetterQueue(queue))}*`)).sort();
    const values = await Promise.all(
      found.map(async (key) =>
        (await client.type(key)) === 'hash'
          ? Object.entries(await client.hgetallBuffer(key))
              .map(([name, bytes]) => [name, bytes.toString('hex')])
              .sort()
          : (await client.dumpBuffer(key))?.toString('hex'),
      ),
    );
    return found.map((key, index) => [key, values[index]]);
  };
  const exportTo = async (path: string): Promise<string> => {
    const { code, stdout } = await cli('export');
    expect(code).toBe(0);
    writeFileSync(path, stdout);
    return stdout;
  };

  it('bring back the same letters, key by key', async () => {
    const worker = createWorker({ redis: pool().redis, jobs: jobs.jobs, log: silent });
    const producer = createProducer({ redis: pool().redis, log: silent });
    onTestFinished(() => producer.close());
    await worker.start();
    const job = await producer.enqueue(jobs.require('refuse'), { why: 'x' } as never, { key: 'k', tenant: 'acme' });
    await producer.wait(job).catch(() => undefined);
    await worker.stop();
    const base = keys.queueBase(deadLetterQueue(queue));
    await put(
      { id: 'fine' },
      { id: 'odd', deadId: 'odd~3', fields: { data: '{ "n": 12345678901234567890 }', 'bws:charge': '{}', bwt: '[]' } },
    );
    await client.hset(`${base}fine`, 'binary', Buffer.from([0xff, 0x00, 0xfe]));
    await client.rpush(`${base}fine:logs`, 'one', 'two\u2028lines');
    await client.hset(`${base}fine:processed`, 'child', '{"x":1}');
    await client.hset(`${base}fine:failed`, 'other', 'boom');
    const path = file();
    const before = await deadKeys();

    const text = await exportTo(path);
    await cli('purge', queue, '--all', '--yes', '--why', 'of no use');
    const purged = await dead();
    const { code, stdout } = await cli('import', path, '--why', 'of use after all');

    expect(text.trim().split('\n')).toHaveLength(3);
    expect(purged).toEqual([]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '3 dead letters imported\n' });
    expect(await deadKeys()).toEqual(before);
    expect((await audit()).map(({ what, why, count }) => [what, why, count])).toEqual([
      ['dead_letters.purge', 'of no use', '3'],
      ['dead_letters.import', 'of use after all', '3'],
    ]);
    expect(await cliJson('redrive', queue, job.id)).toMatchObject({ code: 0 });
  });

  it('leaves out what is there already, dead or live, and counts it', async () => {
    await put({ id: 'dead' }, { id: 'live' }, { id: 'new' });
    const path = file();
    await exportTo(path);
    await cli('purge', queue, 'new', 'live', '--yes');
    await client.hset(keys.queue(queue, 'live'), 'name', 'a later job');
    await client.hset(keys.queue(deadLetterQueue(queue), 'dead'), 'name', 'another death');

    const rehearsed = await cliJson('import', path, '--dry-run');
    const { code, document } = await cliJson('import', path);

    expect(rehearsed.document).toMatchObject({ imported: 1, skipped: { dead: 1, live: 1 }, dryRun: true });
    expect({ code, document }).toMatchObject({ code: 0, document: { imported: 1, skipped: { dead: 1, live: 1 } } });
    expect((await dead()).sort()).toEqual(['dead', 'new']);
    expect(await client.hget(keys.queue(deadLetterQueue(queue), 'dead'), 'name')).toBe('another death');
    expect(await client.exists(keys.queue(deadLetterQueue(queue), 'live'))).toBe(0);
  });

  it('imports nothing when a line is wrong, and says which', async () => {
    await put({ id: 'a' }, { id: 'b' });
    const path = file();
    const text = await exportTo(path);
    await cli('purge', queue, '--all', '--yes');
    writeFileSync(path, `${text}\n{"v":2}\nno json\n`);

    const { code, stderr } = await cli('import', path);

    expect(code).toBe(2);
    expect(stderr).toContain('  line 4 is of version 2; expected 1\n  line 5 is not JSON');
    expect(await dead()).toEqual([]);
  });

  it.each<[string, (text: string) => string, string]>([
    [
      'a queue that nobody knows',
      (text) => text.replaceAll(`"queue":"${queue}"`, '"queue":"quik"'),
      'unknown queue "quik"',
    ],
    ['no file', () => '', 'no-such.jsonl cannot be read'],
  ])('refuses %s', async (what, change, message) => {
    await put({ id: 'a' });
    const path = what === 'no file' ? 'no-such.jsonl' : file();
    if (what !== 'no file') {
      await exportTo(path);
      writeFileSync(path, change(readFileSync(path, 'utf8')));
    }

    const { code, stderr } = await cli('import', path);

    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('go on through thousands, and end quietly when the reader has read enough', async () => {
    await put(...Array.from({ length: 3_000 }, (_, n) => ({ id: `${n}`, payload: { why: 'x'.repeat(1_000) } })));
    const whole = spawnBulwark(['dlq', 'export', ...pool().where]);
    expect(await whole.exited).toMatchObject({ code: 0 });
    const command = ['node', 'bin/bulwark.mjs', 'dlq', 'export', ...pool().where].join(' ');

    const cut = spawnProcess('sh', ['-c', `${command} | head -n 1`]);

    expect(await cut.exited).toMatchObject({ code: 0 });
    expect(whole.text('stdout').trim().split('\n')).toHaveLength(3_000);
    expect(whole.text('stderr')).toBe('3000 dead letters exported');
    expect(cut.text('stdout').trim().split('\n')).toHaveLength(1);
    expect(Number.parseInt(cut.text('stderr'), 10)).toBeLessThan(3_000);
  });
});
