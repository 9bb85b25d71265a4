import { describe, expect, it } from 'vitest';
import type { OptionValue } from '../../../src/config/option-value.js';
import { type OptionPath, relations } from '../../../src/config/options.js';
import { relationFaults, type SettledValue } from '../../../src/config/relations.js';

function settled(values: Partial<Record<OptionPath, OptionValue>>): ReadonlyMap<OptionPath, SettledValue> {
  return new Map(
    Object.entries(values).map(([path, value]) => [path as OptionPath, { value, source: { source: 'code' } }]),
  );
}

describe('relationFaults', () => {
  it.each<[OptionPath, number, OptionPath, number, 'holds' | 'breaks']>([
    ['worker.leaseMs', 15_000, 'worker.leaseRenewMs', 5000, 'holds'],
    ['worker.leaseMs', 14_999, 'worker.leaseRenewMs', 5000, 'breaks'],
    ['worker.drainTimeoutMs', 29_999, 'pool.killGraceMs', 30_000, 'holds'],
    ['worker.drainTimeoutMs', 30_000, 'pool.killGraceMs', 30_000, 'breaks'],
    ['supervisor.leaseMs', 1500, 'supervisor.renewMs', 500, 'holds'],
    ['supervisor.leaseMs', 1499, 'supervisor.renewMs', 500, 'breaks'],
    ['supervisor.deadAfterMs', 5000, 'worker.beatMs', 1000, 'holds'],
    ['supervisor.deadAfterMs', 4999, 'worker.beatMs', 1000, 'breaks'],
    ['pool.restartCapMs', 1000, 'pool.restartBaseMs', 1000, 'holds'],
    ['pool.restartCapMs', 999, 'pool.restartBaseMs', 1000, 'breaks'],
  ])('%s = %i with %s = %i %s', (option, value, other, otherValue, verdict) => {
    const faults = relationFaults(settled({ [option]: value, [other]: otherValue }));

    expect(faults.map((fault) => fault.subject)).toEqual(verdict === 'breaks' ? [option] : []);
  });

  it('says rule, both values, both sources and the reason', () => {
    const values = new Map<OptionPath, SettledValue>([
      ['worker.leaseMs', { value: 10_000, source: { source: 'environment', detail: 'BULWARK_WORKER_LEASE' } }],
      ['worker.leaseRenewMs', { value: 5000, source: { source: 'default' } }],
    ]);

    expect(relationFaults(values)).toEqual([
      {
        subject: 'worker.leaseMs',
        rule: 'must be at least 3 times worker.leaseRenewMs, which is 5s (default)',
        value: '10s',
        origin: 'environment BULWARK_WORKER_LEASE',
        why: 'two renewals in a row may fail without costing the lease',
      },
    ]);
  });

  it.each<[string, Partial<Record<OptionPath, OptionValue>>, readonly string[]]>([
    ['nothing', {}, []],
    ['both', { 'redis.sentinels': ['a:1'], 'redis.sentinelName': 'main' }, []],
    ['sentinels alone', { 'redis.sentinels': ['a:1'] }, ['redis.sentinels needs redis.sentinelName']],
    ['a name alone', { 'redis.sentinelName': 'main' }, ['redis.sentinelName needs redis.sentinels']],
    ['a password alone', { 'redis.sentinelPassword': 'secret' }, ['redis.sentinelPassword needs redis.sentinels']],
  ])('of sentinels and the name of their master, %s', (_what, given, expected) => {
    const empty = { 'redis.sentinels': [], 'redis.sentinelName': '', 'redis.sentinelPassword': '' };

    const faults = relationFaults(settled({ ...empty, ...given }));

    expect(faults.map(({ subject, rule }) => `${subject} ${rule}`)).toEqual(
      expected.map((words) => `${words}, which is empty`),
    );
    expect(JSON.stringify(faults)).not.toContain('secret');
  });

  it('leaves a rule alone whose other option is not there', () => {
    expect(relations.flatMap(({ option }) => relationFaults(settled({ [option]: 0 })))).toEqual([]);
  });
});
