import { expect, it } from 'vitest';
import { breakerFindings, poolFindings } from '../../../../src/cli/doctor/pool-findings.js';
import type { QueueView } from '../../../../src/cli/status/read-queues.js';
import type { WorkerView } from '../../../../src/cli/status/read-workers.js';
import type { EpochMs } from '../../../../src/time/duration.js';
import { breakerState } from '../../../support/breaker-state.js';

const leader = { id: 's1', epoch: 3, leadsForMs: 120_000 };

const worker = (state: WorkerView['state']): WorkerView => ({
  id: 'w1',
  host: 'h',
  pid: 1,
  version: '1.0.0',
  state,
  beatAgeMs: 100,
  busy: 0,
  slots: 10,
  usable: 10,
  kinds: ['send-receipt'],
  rssBytes: 1,
  uptimeMs: 1,
  longest: null,
});

const queue = (waiting: number, paused = false): QueueView => ({
  queue: 'email',
  criticality: 'critical',
  sloMs: 30_000,
  group: 'default',
  paused,
  jobs: {
    waiting,
    prioritized: 0,
    delayed: 0,
    active: 0,
    completed: 0,
    failed: 0,
    'waiting-children': 0,
    dead_lettered: 0,
  },
  oldestAgeMs: null,
});

it.each<[string, Parameters<typeof poolFindings>, [string, string][]]>([
  [
    'a pool that is complete',
    [leader, [worker('running')], [queue(3)]],
    [
      ['supervisor', 'ok'],
      ['workers', 'ok'],
    ],
  ],
  [
    'nobody leads',
    [undefined, [worker('running')], []],
    [
      ['supervisor', 'warn'],
      ['workers', 'ok'],
    ],
  ],
  [
    'nobody works and nothing waits',
    [leader, [], [queue(0)]],
    [
      ['supervisor', 'ok'],
      ['workers', 'warn'],
    ],
  ],
  [
    'nobody works and jobs wait',
    [leader, [], [queue(2)]],
    [
      ['supervisor', 'ok'],
      ['workers', 'error'],
    ],
  ],
  [
    'the only worker is silent and jobs wait',
    [leader, [worker('silent')], [queue(2)]],
    [
      ['supervisor', 'ok'],
      ['workers', 'error'],
    ],
  ],
  [
    'one of two is silent',
    [leader, [worker('running'), worker('silent')], []],
    [
      ['supervisor', 'ok'],
      ['workers', 'warn'],
    ],
  ],
  [
    'one of two is late',
    [leader, [worker('running'), worker('late')], []],
    [
      ['supervisor', 'ok'],
      ['workers', 'warn'],
    ],
  ],
  [
    'a queue is paused',
    [leader, [worker('running')], [queue(2, true)]],
    [
      ['supervisor', 'ok'],
      ['workers', 'ok'],
      ['queue email', 'warn'],
    ],
  ],
])('%s', (_title, given, expected) => {
  const findings = poolFindings(...given);

  expect(findings.map(({ check, level }) => [check, level])).toEqual(expected);
});

it('asks about a breaker that was isolated long ago without an end, and about no other', () => {
  const isolated = breakerState({ phase: 'isolated', reason: 'isolated', by: 'ada@host', why: 'moving' });
  const breakers = [
    { ...isolated, name: 'forgotten', parked: { email: 3 } },
    { ...isolated, name: 'fresh', since: 5_000_000 as EpochMs, parked: {} },
    { ...isolated, name: 'ends', until: 9_000_000 as EpochMs, parked: {} },
    { ...breakerState({ phase: 'open' }), name: 'open', parked: {} },
  ];

  const findings = breakerFindings({ now: 7_200_000 as EpochMs, breakers });

  expect(findings).toEqual([
    {
      check: 'breaker forgotten',
      level: 'warn',
      detail: 'isolated for 2h (by ada@host: moving), until it is released, 3 jobs are set aside',
      fix: '`bulwark breaker release forgotten` when that is not wanted any more',
    },
  ]);
});
