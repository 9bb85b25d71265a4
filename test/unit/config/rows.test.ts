import { describe, expect, it } from 'vitest';
import { optionEntries } from '../../../src/config/option-entries.js';
import { optionTable } from '../../../src/config/options.js';
import { resolveConfig } from '../../../src/config/resolve.js';
import { configRows } from '../../../src/config/rows.js';

function rowsOf(env: Record<string, string>) {
  return configRows(resolveConfig({ env, file: false }));
}

describe('configRows', () => {
  it('has a row for every option, in the order of the table', () => {
    expect(rowsOf({}).map((row) => row.name)).toEqual(optionEntries.map((entry) => entry.path));
  });

  it('shows value, source, variable and meaning', () => {
    const rows = rowsOf({ BULWARK_WORKER_LEASE: '90000' });

    expect(rows.find((row) => row.name === 'worker.leaseMs')).toEqual({
      name: 'worker.leaseMs',
      value: '1.5m',
      source: 'environment BULWARK_WORKER_LEASE',
      env: 'BULWARK_WORKER_LEASE',
      doc: optionTable.worker.leaseMs.doc,
    });
  });

  it('hides the password of Redis', () => {
    const rows = rowsOf({ REDIS_URL: 'redis://app:secret@host:6379' });

    expect(rows.find((row) => row.name === 'redis.url')).toMatchObject({
      value: 'redis://app:***@host:6379',
      source: 'environment REDIS_URL',
      env: 'BULWARK_REDIS_URL',
    });
  });
});
