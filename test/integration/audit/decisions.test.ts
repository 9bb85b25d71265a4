import { expect, it } from 'vitest';
import { AuditLog } from '../../../src/audit/audit-log.js';
import { AuditReader } from '../../../src/audit/audit-reader.js';
import { verifyStream } from '../../../src/audit/verify-stream.js';
import { ShedStore } from '../../../src/shedding/shed-store.js';
import type { DurationMs, EpochMs } from '../../../src/time/duration.js';
import { readAudit } from '../../support/audit.js';
import { eventually } from '../../support/eventually.js';
import { startPool } from '../worker-pool/test-pool.js';

const prompt = { leaseMs: 600, renewMs: 100, sampleMs: 100, sweepMs: 100 } as const;

it('tells of elections and of what gives way, under the epoch of the leader, in one chain', async () => {
  const pool = await startPool();
  const { client, keyspace } = pool;
  pool.queue({ criticality: 'sheddable' });
  await new ShedStore(client, keyspace).giveOrder(
    { target: 'sheddable', by: 'ada@host', why: 'the database is being moved' },
    60_000 as DurationMs,
  );
  const told = (what: string) =>
    eventually(what, async () => (await readAudit(client)).find((entry) => entry['what'] === what));

  const first = await pool.supervisor({ supervisor: prompt });
  const elected = await told('leader.elect');
  const shed = await told('shed.begin');
  await first.stop();
  const lost = await told('leader.lose');
  await pool.supervisor({ supervisor: prompt });
  await eventually(
    'another term',
    async () => (await readAudit(client)).filter(({ fence }) => fence === '2').length > 0,
  );

  expect(elected).toMatchObject({ by: first.id, why: 'elected', fence: '1' });
  expect(shed).toMatchObject({ by: first.id, why: 'operator', fence: '1' });
  expect(JSON.parse(shed['details'] ?? '')).toMatchObject({ class: 'sheddable' });
  expect(lost).toMatchObject({ by: first.id, why: 'resigned', fence: '1' });
  expect(await verifyStream(new AuditReader(client, keyspace))).toMatchObject({ broken: 0 });
});

it('goes on in one chain when Redis is killed and comes back, while several write', async () => {
  const pool = await startPool({ appendOnly: true, directives: { appendfsync: 'always' } });
  const { client, keyspace, server } = pool;
  const reader = new AuditReader(client, keyspace);
  let stopped = false;
  const write = async (who: string): Promise<number> => {
    const log = new AuditLog(client, keyspace);
    for (let written = 0; ; written++) {
      if (stopped) return written;
      const entry = { by: who, what: 'queue.pause', queue: 'email', why: `${written}`, details: {} } as const;
      await log.append(entry, 1_795_252_393_000 as EpochMs);
    }
  };

  const writing = Promise.all(['ada', 'bob', 'eve'].map(write));
  await eventually('they write', async () => ((await reader.head())?.seq ?? 0) > 20);
  await server.kill();
  await server.restart();
  const before = (await reader.head())?.seq ?? 0;
  await eventually('they go on', async () => ((await reader.head())?.seq ?? 0) > before + 20);
  stopped = true;
  const written = (await writing).reduce((sum, one) => sum + one, 0);

  const report = await verifyStream(reader);
  expect(report).toMatchObject({ broken: 0, first: { seq: 1 } });
  // Whoever had no answer may have written once more, and never less.
  expect(report.sound).toBeGreaterThanOrEqual(written);
}, 15_000);
