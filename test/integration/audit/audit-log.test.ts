import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/audit/audit-entry.js';
import { AuditLog, type AuditLogOptions } from '../../../src/audit/audit-log.js';
import { AuditReader } from '../../../src/audit/audit-reader.js';
import { dayOf } from '../../../src/audit/day.js';
import type { StoredEntry } from '../../../src/audit/stored-entry.js';
import { verifyStream } from '../../../src/audit/verify-stream.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { readAudit } from '../../support/audit.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const dayMs = 86_400_000;
const at = 1_795_252_393_000 as EpochMs;
const entry = {
  by: 'ada@host',
  what: 'dead_letters.purge',
  queue: 'email',
  why: 'operator',
  count: 3,
  details: { which: 'all' },
} as const;
const numbered = (n: number): AuditEntry => ({ ...entry, why: `reason ${n}` });

const auditLog = (options?: AuditLogOptions) => new AuditLog(pool().client, pool().keyspace, options);
const reader = () => new AuditReader(pool().client, pool().keyspace);
const today = async () => dayOf(await reader().now());
const found = async () => (await verifyStream(reader())).breaks.map(({ kind, seq }) => [kind, seq]);

beforeEach(async () => {
  await pool().client.flushall();
});

describe('an entry', () => {
  it('lies in the stream of its day under its number, and in the chain', async () => {
    await auditLog().append({ ...entry, fence: 7 }, at);

    const key = pool().keyspace.audit(await today());
    const [[id, words] = ['', []]] = await pool().client.xrange(key, '-', '+');
    const [read] = await readAudit(pool().client);
    expect(id).toBe('1-0');
    expect(words.slice(0, 18)).toEqual([
      ...['v', '2', 'at', String(at), 'by', 'ada@host', 'what', 'dead_letters.purge', 'queue', 'email'],
      ...['why', 'operator', 'count', '3', 'fence', '7', 'details', '{"which":"all"}'],
    ]);
    expect(await reader().head()).toEqual({ seq: 1, hash: read?.['hash'], day: await today(), trimmed: 0 });
  });

  it('keeps its day for five weeks, and the head for good', async () => {
    await auditLog().append(entry, at);

    const days = (await pool().client.pttl(pool().keyspace.audit(await today()))) / dayMs;
    expect(days).toBeGreaterThan(34);
    expect(days).toBeLessThanOrEqual(35);
    expect(await pool().client.pttl(pool().keyspace.auditHead)).toBe(-1);
  });

  it('takes less than 500 bytes of memory', async () => {
    const details = { openings: 1, calls: 40, failed: 31, slow: 0, failing: 3, reporting: 3, openForMs: 2_000 };
    const opened = { by: 'host-20344-04c68750', what: 'breaker.open', breaker: 'smtp', why: 'failure_ratio' } as const;
    for (let n = 0; n < 300; n++) await auditLog().append({ ...opened, fence: 3, details }, at);

    const bytes = await pool().client.memory('USAGE', pool().keyspace.audit(await today()), 'SAMPLES', 0);

    expect(Number(bytes) / 300).toBeLessThan(500);
  });

  it('says so when it cannot be written', async () => {
    await pool().client.set(pool().keyspace.audit(await today()), 'not a stream');

    await expect(auditLog().append(entry, at)).rejects.toThrow('WRONGTYPE');
  });
});

describe('the chain', () => {
  it('never forks, however many write at once from however many connections', async () => {
    const clients = Array.from({ length: 8 }, () => pool().client.duplicate());
    const logs = clients.map((client) => new AuditLog(client, pool().keyspace));

    await Promise.all(
      logs.flatMap((log, who) => Array.from({ length: 12 }, (_, n) => log.append(numbered(100 * who + n), at))),
    );

    const report = await verifyStream(reader());
    const reasons = new Set((await readAudit(pool().client)).map(({ why }) => why));
    for (const client of clients) client.disconnect();
    expect(report).toMatchObject({ sound: 96, broken: 0, last: { seq: 96 } });
    expect(reasons.size).toBe(96);
  });

  it('goes on over the border of a day, and its first entry names the day before', async () => {
    const now = await reader().now();
    for (const daysAgo of [2, 2, 1, 0]) {
      await auditLog({ redisNow: () => (now - daysAgo * dayMs) as EpochMs }).append(entry, at);
    }

    const entries = await readAudit(pool().client);
    expect(await reader().days()).toHaveLength(3);
    expect(entries.map(({ seq, after }) => [seq, after])).toEqual([
      ['1', undefined],
      ['2', undefined],
      ['3', dayOf((now - 2 * dayMs) as EpochMs)],
      ['4', dayOf((now - dayMs) as EpochMs)],
    ]);
    expect(await verifyStream(reader())).toMatchObject({ sound: 4, broken: 0 });
  });

  it('does not go back to a day that is over, whatever the clock says', async () => {
    const now = await reader().now();
    await auditLog().append(entry, at);
    await auditLog({ redisNow: () => (now - dayMs) as EpochMs }).append(entry, at);

    expect(await reader().days()).toEqual([await today()]);
  });

  it('begins with the first entry that an older version did not write', async () => {
    const key = pool().keyspace.audit(await today());
    await pool().client.xadd(key, '*', 'v', '1', 'what', 'breaker.open');

    await auditLog().append(entry, at);
    await auditLog().append(entry, at);

    expect(await verifyStream(reader())).toMatchObject({ sound: 2, unchained: 1, broken: 0 });
  });

  it('goes on where the entries end when somebody deleted its head, and tells of it until then', async () => {
    await auditLog().append(entry, at);
    await pool().client.del(pool().keyspace.auditHead);
    const without = await found();

    await auditLog().append(entry, at);

    expect(without).toEqual([['removed', 1]]);
    expect(await found()).toEqual([]);
  });

  it('takes an entry once when its answer was lost and it is sent again', async () => {
    const { client, keyspace } = pool();
    let isLost = true;
    const forgetful = new Proxy(client, {
      get: (target, name) =>
        name === 'evalsha'
          ? async (...words: Parameters<typeof client.evalsha>) => {
              const reply = await target.evalsha(...words);
              // As a client does that sends again what it had no answer to.
              if (words.length > 10 && isLost) {
                isLost = false;
                return target.evalsha(...words);
              }
              return reply;
            }
          : Reflect.get(target, name, target),
    });

    await new AuditLog(forgetful, keyspace).append(entry, at);

    expect(isLost).toBe(false);
    expect(await readAudit(client)).toHaveLength(1);
  });
});

describe('a day that is full', () => {
  const bounds = { entriesPerDay: 20, keptMs: 60_000 };

  it('has its oldest entries give way, says so in the chain, and counts them', async () => {
    const log = auditLog({ bounds });
    for (let n = 0; n < 75; n++) await log.append(numbered(n), at);

    const report = await verifyStream(reader(), bounds);
    const entries = await readAudit(pool().client);
    const head = await reader().head();
    expect(entries.length).toBeLessThanOrEqual(21);
    expect(entries.at(-1)).toMatchObject({ why: 'reason 74' });
    expect(entries.map(({ what }) => what)).toContain('audit.trim');
    expect(head?.trimmed).toBe(report.gone);
    expect(report).toMatchObject({ broken: 0, sound: entries.length });
  });

  it('is no break when it happens while somebody verifies', async () => {
    const log = auditLog({ bounds });
    for (let n = 0; n < 20; n++) await log.append(numbered(n), at);
    const slow = new (class extends AuditReader {
      #isFirst = true;

      override async *pages(day: string, from = 0): AsyncGenerator<StoredEntry[]> {
        if (!this.#isFirst) return yield* super.pages(day, from);
        this.#isFirst = false;
        for await (const page of super.pages(day)) yield page.slice(0, 1);
        await log.append(numbered(20), at);
        yield* super.pages(day, 2);
      }
    })(pool().client, pool().keyspace);

    await expect(verifyStream(slow, bounds)).resolves.toMatchObject({ broken: 0, gone: 2, sound: 20 });
  });

  it('does not hide that others were removed', async () => {
    const now = await reader().now();
    const yesterday = { bounds, redisNow: () => (now - dayMs) as EpochMs };
    for (let n = 0; n < 5; n++) await auditLog(yesterday).append(numbered(n), at);
    for (let n = 0; n < 30; n++) await auditLog({ bounds }).append(numbered(n), at);
    await expect(verifyStream(reader(), bounds)).resolves.toMatchObject({ broken: 0, trimmed: 20 });

    await pool().client.xdel(pool().keyspace.audit(dayOf((now - dayMs) as EpochMs)), '5-0');

    expect((await verifyStream(reader(), bounds)).breaks).toMatchObject([{ kind: 'removed', seq: 5 }]);
  });
});

describe('what somebody does to the stream', () => {
  beforeEach(async () => {
    for (let n = 1; n <= 5; n++) await auditLog().append(numbered(n), at);
  });

  it.each<[string, (key: string) => Promise<unknown>, [string, number]]>([
    ['an entry that was deleted', (key) => pool().client.xdel(key, '3-0'), ['removed', 3]],
    ['the last entry that was deleted', (key) => pool().client.xdel(key, '5-0'), ['removed', 5]],
    ['an entry behind the head', (key) => pool().client.xadd(key, '6-0', 'what', 'queue.pause'), ['inserted', 6]],
    ['an entry in between', (key) => pool().client.xadd(key, '6-5', 'what', 'queue.pause'), ['inserted', 0]],
    ['a head that was set back', () => pool().client.hset(pool().keyspace.auditHead, 'seq', 3), ['inserted', 4]],
    ['a day that was deleted', (key) => pool().client.del(key), ['removed', 5]],
  ])('is found: %s', async (_what, meddle, [kind, seq]) => {
    await meddle(pool().keyspace.audit(await today()));

    expect(await found()).toEqual([[kind, seq === 0 ? null : seq]]);
  });

  it('is found: a whole day that is missing before the first one that is left', async () => {
    const now = await reader().now();
    await auditLog({ redisNow: () => (now + dayMs) as EpochMs }).append(entry, at);
    await pool().client.del(pool().keyspace.audit(await today()));

    expect(await found()).toEqual([['removed', 5]]);
  });

  it('is found from the day on that is asked for', async () => {
    const now = await reader().now();
    const tomorrow = dayOf((now + dayMs) as EpochMs);
    await auditLog({ redisNow: () => (now + dayMs) as EpochMs }).append(entry, at);
    await pool().client.xdel(pool().keyspace.audit(await today()), '2-0');

    expect(await verifyStream(reader())).toMatchObject({ broken: 1 });
    expect(await verifyStream(reader(), { since: tomorrow })).toMatchObject({ broken: 0, sound: 1, gone: 0 });
  });
});
