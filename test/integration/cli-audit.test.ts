import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/audit/audit-entry.js';
import { AuditLog } from '../../src/audit/audit-log.js';
import { AuditReader } from '../../src/audit/audit-reader.js';
import { dayOf } from '../../src/audit/day.js';
import { followStream } from '../../src/audit/follow-stream.js';
import { newestEntries } from '../../src/audit/newest-entries.js';
import type { ToldEntry } from '../../src/audit/told-entry.js';
import { operatorName } from '../../src/cli/operator.js';
import { FleetStore } from '../../src/recovery/fleet-store.js';
import type { Keyspace } from '../../src/redis/keyspace.js';
import type { EpochMs } from '../../src/time/duration.js';
import { useNamespace } from '../fixtures/cli/namespace.js';
import { type CliRun, run } from '../fixtures/cli/run.js';
import { eventually } from '../support/eventually.js';
import { spawnBulwark } from '../support/processes.js';
import { temporaryFolder } from '../support/temp-folder.js';
import { workerBeat } from '../support/worker-beat.js';

const pool = useNamespace();
let client: Redis;
let keyspace: Keyspace;
let log: AuditLog;
const now = Date.now() as EpochMs;

beforeEach(() => {
  ({ client, keys: keyspace } = pool());
  log = new AuditLog(client, keyspace);
});

const cli = (...argv: string[]): Promise<CliRun> => pool().cli(...argv);
const cliJson = <T>(...argv: string[]) => pool().answer<T>(...argv);
const today = () => keyspace.audit(dayOf(Date.now() as EpochMs));

const opened: AuditEntry = {
  ...{ by: 'sup-1', what: 'breaker.open', breaker: 'smtp', why: 'failure_ratio', fence: 3 },
  details: { calls: 40, failed: 31 },
};
const purged: AuditEntry = {
  ...{ by: 'ada@host-7', what: 'dead_letters.purge', queue: 'email', why: 'operator', count: 12 },
  details: { which: 'all' },
};

async function write(...entries: readonly AuditEntry[]): Promise<void> {
  for (const entry of entries) await log.append(entry, now);
}

describe('bulwark audit tail', () => {
  it('says who decided what, about what, and why, the newest last', async () => {
    await write(opened, purged);

    const { stdout, code } = await cli('audit', 'tail');
    const { document } = await cliJson<{ entries: ToldEntry[] }>('audit', 'tail', '--limit', '1');

    const [first = '', second = ''] = stdout.split('\n');
    expect(code).toBe(0);
    expect(first).toMatch(
      /^ +1 {2}\d{4}-\d\d-\d\d [\d:]{8} {2}breaker\.open +smtp {2}failure_ratio {2}by sup-1, epoch 3$/,
    );
    expect(second).toMatch(/dead_letters\.purge +email \(12\) {2}operator {2}by ada@host-7$/);
    expect(document.entries).toEqual([
      {
        ...{ seq: 2, at: now, what: 'dead_letters.purge', by: 'ada@host-7', why: 'operator' },
        ...{ subject: { queue: 'email' }, count: 12, fence: null, details: { which: 'all' } },
      },
    ]);
  });

  it.each<[string[], number]>([
    [['--what', 'breaker'], 1],
    [['--what', 'breaker.open'], 1],
    [['--what', 'break'], 0],
    [['--by', 'ada@host-7'], 1],
    [['--queue', 'email', '--since', '1h'], 1],
    [['--since', '2099-01-01'], 0],
  ])('chooses by %s', async (filter, count) => {
    await write(opened, purged);

    const { document } = await cliJson<{ entries: ToldEntry[] }>('audit', 'tail', ...filter);

    expect(document.entries).toHaveLength(count);
  });

  it('refuses a moment that is none', async () => {
    expect((await cli('audit', 'tail', '--since', 'yesterday')).code).toBe(2);
  });

  it('with --follow and --json writes an entry a line, until Ctrl-C', async () => {
    await write(opened);
    const { where } = pool();
    const tail = spawnBulwark(['audit', 'tail', '--follow', '--json', ...where]);
    await eventually('the first line', () => tail.lines[0], { timeoutMs: 15_000 });

    await write(purged);
    const second = await eventually('the second line', () => tail.lines[1], { timeoutMs: 15_000 });
    tail.kill('SIGINT');

    expect(await tail.exited).toMatchObject({ code: 0 });
    expect((JSON.parse(second.text) as ToldEntry).what).toBe('dead_letters.purge');
  });

  it('reads no day that was over before the moment that is asked for', async () => {
    for (const daysAgo of [3, 2, 0]) {
      const redisNow = () => (now - daysAgo * 86_400_000) as EpochMs;
      await new AuditLog(client, keyspace, { redisNow }).append(purged, redisNow());
    }
    const days: string[] = [];
    const reader = new AuditReader(client, keyspace);
    const pagesBack = reader.pagesBack.bind(reader);
    reader.pagesBack = (day) => {
      days.push(day);
      return pagesBack(day);
    };

    const since = (now - 2 * 86_400_000 + 7_200_000) as EpochMs;
    const found = await newestEntries(reader, { since, what: 'breaker' }, 50);

    expect(found).toEqual([]);
    expect(days).not.toContain(dayOf((now - 3 * 86_400_000) as EpochMs));
    expect(days).toContain(dayOf(now));
  });

  it('follows what is written, each entry once', async () => {
    await write(opened);
    const stop = new AbortController();
    const seen: (number | undefined)[] = [];

    const writing = write(purged, opened);
    for await (const page of followStream(new AuditReader(client, keyspace), stop.signal, 1)) {
      seen.push(...page.map(({ number }) => number));
      if (seen.length >= 2) stop.abort();
    }

    await writing;
    expect(seen).toEqual([2, 3]);
  });
});

describe('bulwark audit verify', () => {
  it('says that the chain holds, and where it stands', async () => {
    await write(opened, purged);
    const { stdout: head } = await cli('audit', 'head');

    const { stdout, code } = await cli('audit', 'verify', '--kept', head.trim());

    expect(code).toBe(0);
    expect(head).toMatch(/^2:[0-9a-f]{64}\n$/);
    expect(stdout).toBe(`the chain holds: 2 entries, 1 to 2\nlast entry ${head}`);
  });

  it('says at which entry it is broken, and how, and exits with 1', async () => {
    await write(opened, purged, opened);
    await client.xdel(today(), '2-0');

    const { stdout, code } = await cli('audit', 'verify');
    const { document } = await cliJson<object>('audit', 'verify');

    expect(code).toBe(1);
    expect(stdout).toContain('the chain is broken in 1 place');
    expect(stdout).toMatch(/2 +\d{8} +removed +entry 2 is missing/);
    expect(document).toMatchObject({ holds: false, broken: 1, breaks: [{ kind: 'removed', seq: 2 }] });
  });

  it('finds a stream that was written anew by a hash that was kept', async () => {
    await write(opened, purged);
    const { stdout: head } = await cli('audit', 'head');
    await client.del(today(), keyspace.auditHead);
    await write(purged, opened);

    expect((await cli('audit', 'verify')).code).toBe(0);
    expect((await cli('audit', 'verify', '--kept', head.trim())).code).toBe(1);
  });

  it('finds nothing wrong where nothing was ever decided', async () => {
    expect(await cli('audit', 'verify')).toMatchObject({ code: 0 });
    expect(await cli('audit', 'head')).toMatchObject({ code: 0, stdout: '' });
  });

  it.each([[['--since', '20260230']], [['--kept', '5:abc']], [['--file', 'x', '--since', '20260101']]])(
    'refuses %s',
    async (options) => {
      expect((await cli('audit', 'verify', ...options)).code).toBe(2);
    },
  );
});

describe('bulwark audit export', () => {
  it('writes what came after a number, one entry a line', async () => {
    await write(opened, purged, opened);

    const { stdout, stderr } = await cli('audit', 'export', '--after', '1');

    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(lines.map(({ seq, what }) => [seq, what])).toEqual([
      ['2', 'dead_letters.purge'],
      ['3', 'breaker.open'],
    ]);
    expect(stderr).toContain('2 entries exported');
  });

  it('adds to a file what it does not have yet, also after it was cut off, and the file verifies', async () => {
    const file = join(temporaryFolder(), 'audit.jsonl');
    const exportFile = () => cli('audit', 'export', '--file', file);
    await write(opened, purged);
    await exportFile();
    const { length } = await readFile(file);

    await write(opened);
    await truncate(file, length - 10);
    const again = await exportFile();
    const nothingNew = await exportFile();

    expect(again.stderr).toContain('2 entries exported');
    expect(nothingNew).toMatchObject({ code: 0, stderr: '0 entries exported\n' });
    const verified = await run('audit', 'verify', '--file', file);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.stdout).toContain('the chain holds: 3 entries, 1 to 3');
    await writeFile(file, (await readFile(file, 'utf8')).replace('ada@host-7', 'eve@host-7'));
    expect((await run('audit', 'verify', '--file', file)).code).toBe(1);
  });

  it('says when the stream is not the one that the file goes on from', async () => {
    const file = join(temporaryFolder(), 'audit.jsonl');
    await write(opened, purged);
    await cli('audit', 'export', '--file', file);
    await client.del(today(), keyspace.auditHead);
    await write(purged);
    const lost = await cli('audit', 'export', '--file', file);
    await write(purged, purged);
    const anew = await cli('audit', 'export', '--file', file);

    expect(lost).toMatchObject({ code: 1 });
    expect(lost.stderr).toContain('the chain stands at 1, and the file goes on to 2');
    expect(anew).toMatchObject({ code: 1 });
    expect(anew.stderr).toContain('does not follow from the last one of the file');
  });

  it('leaves a file of something else alone', async () => {
    const file = join(temporaryFolder(), 'notes.txt');
    await writeFile(file, 'my notes');

    expect((await cli('audit', 'export', '--file', file)).code).toBe(2);
    expect(await readFile(file, 'utf8')).toBe('my notes');
  });
});

describe('what operators do', () => {
  const told = async () => {
    const { document } = await cliJson<{ entries: ToldEntry[] }>('audit', 'tail');
    return document.entries.map(({ what, subject, why, by }) => [what, subject, why, by === operatorName()]);
  };

  it('is written down: pausing, resuming and purging a queue, with the reason', async () => {
    await client.hset(keyspace.queues, 'email', JSON.stringify({}));

    await cli('queue', 'pause', 'email', '--why', 'the smtp server is moved');
    await cli('queue', 'pause', 'email');
    await cli('queue', 'purge', 'email');
    await cli('queue', 'purge', 'email', '--yes');
    await cli('queue', 'resume', 'email', '--dry-run');
    await cli('queue', 'resume', 'email');

    const subject = { queue: 'email' };
    expect(await told()).toEqual([
      ['queue.pause', subject, 'the smtp server is moved', true],
      ['queue.purge', subject, 'operator', true],
      ['queue.resume', subject, 'operator', true],
    ]);
  });

  it('is written down: calling off a job, and orders to workers', async () => {
    await client.hset(keyspace.queues, 'email', JSON.stringify({}));
    await client.hset(keyspace.queue('email', '42'), { name: 'send', data: '{}', opts: '{}', timestamp: 1 });
    await client.lpush(keyspace.queue('email', 'wait'), '42');
    await new FleetStore(client, keyspace).beat(workerBeat('w1'), true);

    await cli('job', 'cancel', '42', '--why', 'sent twice', '--dry-run');
    await cli('job', 'cancel', '42', '--why', 'sent twice');
    await cli('worker', 'drain', 'w1', '--timeout', '1ms');

    expect(await told()).toEqual([
      ['job.cancel', { queue: 'email', job: '42' }, 'sent twice', true],
      ['worker.drain', { worker: 'w1' }, 'operator', true],
    ]);
  });
});
