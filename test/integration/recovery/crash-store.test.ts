import { expect, it } from 'vitest';
import type { CrashRecord } from '../../../src/recovery/crash-record.js';
import { CrashStore } from '../../../src/recovery/crash-store.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { usePool } from '../worker-pool/test-pool.js';

const pool = usePool();
const store = () => new CrashStore(pool().client, pool().keyspace);
const record: CrashRecord = { exitCode: 1, signal: null, endedAt: 2_000 as EpochMs, lines: ['out of luck'] };

it('keeps what is known of a death for a day', async () => {
  await store().write('w-1', record);

  const read = await store().read('w-1');
  const leftMs = await pool().client.pttl(pool().keyspace.crash('w-1'));

  expect(read).toEqual(record);
  expect(leftMs).toBeGreaterThan(86_000_000);
  expect(leftMs).toBeLessThanOrEqual(86_400_000);
});

it('knows nothing of a worker that no keeper saw die, nor of what somebody else wrote', async () => {
  await pool().client.set(pool().keyspace.crash('w-2'), 'hello');

  expect(await store().read('w-2')).toBeUndefined();
  expect(await store().read('w-3')).toBeUndefined();
});
