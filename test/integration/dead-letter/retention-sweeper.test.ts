import { describe, expect, it } from 'vitest';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { DeadLetterStore } from '../../../src/dead-letter/dead-letter-store.js';
import type { RetentionPolicy } from '../../../src/dead-letter/decide-drops.js';
import { RetentionSweeper } from '../../../src/dead-letter/retention-sweeper.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { readAudit } from '../../support/audit.js';
import { type GivenLetter, putLetters } from '../../support/dead-letters.js';
import { eventually } from '../../support/eventually.js';
import { metricValue } from '../worker-pool/metric-value.js';
import { recordLog, startPool } from '../worker-pool/test-pool.js';

const queue = 'email';
const hourMs = 3_600_000;
const never = new AbortController().signal;

async function startSweeper(policy: RetentionPolicy, epoch: number | undefined = 1) {
  const pool = await startPool();
  const { client, keyspace } = pool;
  const { log, said } = recordLog();
  const metrics = createMetrics({ role: 'supervisor', version: '1' });
  const deposedFrom: number[] = [];
  const sweeper = new RetentionSweeper({
    client,
    letters: (name) => new DeadLetterStore(client, keyspace, name),
    audit: new AuditLog(client, keyspace),
    queues: async () => [queue],
    leadership: {
      get term() {
        return deposedFrom.length > 0 ? undefined : epoch;
      },
      deposed: (from) => deposedFrom.push(from),
    },
    policy,
    supervisor: 's1',
    log,
    metrics,
  });
  return {
    pool,
    said,
    deposedFrom,
    sweep: () => sweeper.sweep(never),
    put: (...letters: GivenLetter[]) => putLetters(client, keyspace, queue, letters),
    left: () => client.zrange(keyspace.queue(`${queue}.dead`, 'failed'), '0', '-1'),
    counted: (reason: 'age' | 'count') => metricValue(metrics, 'bulwark_dead_letters_dropped_total', { queue, reason }),
  };
}

const hoursAgo = (hours: number): number => Date.now() - hours * hourMs;

describe('the retention of dead letters', () => {
  it('drops what is too old, with everything that belongs to it, and keeps the rest', async () => {
    const { pool, sweep, put, left } = await startSweeper({ keepMs: 2 * hourMs, keepCount: false });
    await put({ id: 'old', diedAt: hoursAgo(3) }, { id: 'young', diedAt: hoursAgo(1) });
    await pool.client.rpush(`${pool.keyspace.queue('email.dead', 'old')}:logs`, 'line');

    await sweep();

    expect(await left()).toEqual(['young']);
    expect(await pool.client.keys('*:old*')).toEqual([]);
  });

  it('drops the oldest of too many', async () => {
    const { sweep, put, left } = await startSweeper({ keepMs: false, keepCount: 2 });
    await put(...[5, 4, 3, 2, 1].map((hours) => ({ id: `h${hours}`, diedAt: hoursAgo(hours) })));

    await sweep();

    expect(await left()).toEqual(['h2', 'h1']);
  });

  it('says what it drops: counted, logged once, and in the audit stream with the causes', async () => {
    const { pool, sweep, put, said, counted } = await startSweeper({ keepMs: 2 * hourMs, keepCount: 1 });
    await put(
      { id: 'old', diedAt: hoursAgo(3), error: { message: 'no ink', fingerprint: 'f01' } },
      { id: 'a', diedAt: hoursAgo(1) },
      { id: 'b', diedAt: hoursAgo(0.5) },
    );

    await sweep();

    expect([await counted('age'), await counted('count')]).toEqual([1, 1]);
    expect(said('dead_letters.dropped')).toMatchObject([
      { queue, age: 1, count: 1, causes: [{ count: 1 }, { count: 1 }] },
    ]);
    const audit = await readAudit(pool.client);
    expect(audit).toMatchObject([
      { v: '2', by: 's1', fence: '1', what: 'dead_letters.drop', queue, why: 'age', count: '1' },
      { why: 'count', count: '1' },
    ]);
    expect(JSON.parse(audit[0]?.['details'] ?? '')).toMatchObject({
      causes: [{ count: 1, kind: 'refuse', fingerprint: 'f01', cause: 'PermanentError: no ink' }],
    });
  });

  it('writes to the audit stream before it drops: when that cannot be written, nothing goes', async () => {
    const { pool, sweep, put, left } = await startSweeper({ keepMs: hourMs, keepCount: false });
    await put({ id: 'old', diedAt: hoursAgo(3) });
    const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    await pool.client.set(pool.keyspace.audit(today), 'not a stream');

    await expect(sweep()).rejects.toThrow('dead letters of queue email cannot be dropped');

    expect(await left()).toEqual(['old']);
  });

  it('drops nothing, and says nothing, when there is nothing to drop', async () => {
    const { pool, sweep, put, said } = await startSweeper({ keepMs: hourMs, keepCount: 10 });
    await put({ id: 'young', diedAt: hoursAgo(0.5) });
    const before = await pool.dump();

    await sweep();

    expect(await pool.dump()).toEqual(before);
    expect(said('dead_letters.dropped')).toEqual([]);
  });

  it('keeps everything where both limits are off', async () => {
    const { sweep, put, left } = await startSweeper({ keepMs: false, keepCount: false });
    await put({ id: 'ancient', diedAt: 1 });

    await sweep();

    expect(await left()).toEqual(['ancient']);
  });

  it('goes page by page', async () => {
    const { sweep, put, left, said } = await startSweeper({ keepMs: false, keepCount: 10 });
    const start = hoursAgo(1);
    await put(...Array.from({ length: 1_010 }, (_, n) => ({ id: `l${n}`, diedAt: start + n })));

    await sweep();

    expect(await left()).toEqual(Array.from({ length: 10 }, (_, n) => `l${1_000 + n}`));
    expect(said('dead_letters.dropped')).toMatchObject([{ count: 1_000, causes: [{ count: 1_000 }] }]);
  });

  it('stops when a later leader has written to the queue', async () => {
    const { pool, sweep, put, left, deposedFrom, said } = await startSweeper({ keepMs: hourMs, keepCount: false });
    await put({ id: 'old', diedAt: hoursAgo(3) });
    await pool.client.set(pool.keyspace.fence(queue), 2);

    await sweep();

    expect(await left()).toEqual(['old']);
    expect(deposedFrom).toEqual([1]);
    expect(said('dead_letters.dropped')).toEqual([]);
  });

  it('is a service of the leader', async () => {
    const pool = await startPool();
    await putLetters(pool.client, pool.keyspace, queue, [{ id: 'old', diedAt: hoursAgo(3) }]);

    await pool.supervisor({ deadLetter: { keepMs: '1h', sweepMs: '50ms' } });

    const failed = pool.keyspace.queue('email.dead', 'failed');
    await eventually('it is dropped', async () => (await pool.client.zcard(failed)) === 0);
  });
});

it('leaves a letter that died again since it was chosen', async () => {
  const { pool, put, left } = await startSweeper({ keepMs: hourMs, keepCount: false });
  await put({ id: 'again', diedAt: 2_000 });
  const store = new DeadLetterStore(pool.client, pool.keyspace, queue);

  expect(await store.purge({ deadId: 'again', diedAt: 1_000 as never }, 1)).toBe('not_found');

  expect(await left()).toEqual(['again']);
});
