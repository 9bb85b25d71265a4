import { expect, it } from 'vitest';
import type { CrashRecord } from '../../../src/recovery/crash-record.js';
import { CrashStore } from '../../../src/recovery/crash-store.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const record: CrashRecord = { exitCode: null, signal: 'SIGSEGV', endedAt: 1 as EpochMs, lines: ['last words'] };
const store = () => new CrashStore(pool().client, pool().keyspace);

it('keeps how the process of a worker ended for a day', async () => {
  await store().write('w1', record);

  expect(await store().read('w1')).toEqual(record);
  expect(await pool().client.pttl(pool().keyspace.crash('w1'))).toBeGreaterThan(23 * 3_600_000);
});

it('knows nothing of a worker whose end nobody saw', async () => {
  expect(await store().read('nobody')).toBeUndefined();
});
