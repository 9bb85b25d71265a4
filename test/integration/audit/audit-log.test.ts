import { expect, it } from 'vitest';
import { AuditLog, dayOf } from '../../../src/audit/audit-log.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const at = Date.parse('2026-03-04T23:59:59.999Z') as EpochMs;
const entry = {
  by: 'ada@host',
  what: 'dead_letters.purge',
  queue: 'email',
  why: 'operator',
  count: 3,
  details: { which: 'all' },
} as const;

it('writes an entry into the stream of its day, which expires', async () => {
  const { client, keyspace } = pool();

  await new AuditLog(client, keyspace).append(entry, at);

  const key = keyspace.audit('20260304');
  const [[, words] = ['', []]] = await client.xrange(key, '-', '+');
  expect(words).toEqual([
    ...['v', '1', 'at', String(at), 'by', 'ada@host', 'what', 'dead_letters.purge', 'queue', 'email'],
    ...['why', 'operator', 'count', '3', 'details', '{"which":"all"}'],
  ]);
  const days = (await client.pttl(key)) / 86_400_000;
  expect(days).toBeGreaterThan(30);
  expect(days).toBeLessThanOrEqual(35);
});

it('begins a new stream with each day of UTC', () => {
  expect([dayOf(at), dayOf((at + 1) as EpochMs)]).toEqual(['20260304', '20260305']);
});

it('says so when it cannot write', async () => {
  const { client, keyspace } = pool();
  await client.set(keyspace.audit('20270101'), 'not a stream');

  const written = new AuditLog(client, keyspace).append(entry, Date.parse('2027-01-01') as EpochMs);

  await expect(written).rejects.toThrow('WRONGTYPE');
});
