import { expect, it } from 'vitest';
import type { QueueView } from '../../../../src/cli/status/read-queues.js';
import type { StatusReport } from '../../../../src/cli/status/read-status.js';
import { renderStatus } from '../../../../src/cli/status/render-status.js';
import type { EpochMs } from '../../../../src/time/duration.js';
import { breakerState } from '../../../support/breaker-state.js';
import { workerView } from '../../../support/pool-picture.js';

const plain = (_format: unknown, text: string): string => text;
/** Shows marks, so that a test can see what stands out. */
const marking = (format: unknown, text: string): string => `<${String(format)}>${text}</>`;

const redis: StatusReport['redis'] = {
  address: 'redis://127.0.0.1:7001',
  namespace: 'bulwark',
  server: 'redis',
  version: '7.2.0',
  usedMemoryBytes: 3 * 1024 ** 2,
  roundTripMs: 0.3,
};

const noBreakers: StatusReport['breakers'] = { now: 60_000 as EpochMs, breakers: [] };

const queue = (given: Partial<Omit<QueueView, 'jobs'>> & { jobs?: Partial<QueueView['jobs']> }): QueueView => ({
  queue: 'email',
  criticality: 'critical',
  sloMs: 30_000,
  group: 'default',
  paused: false,
  oldestAgeMs: null,
  ...given,
  jobs: {
    waiting: 0,
    prioritized: 0,
    delayed: 0,
    active: 0,
    completed: 0,
    failed: 0,
    'waiting-children': 0,
    dead_lettered: 0,
    ...given.jobs,
  },
});

it('shows the pool on one page', () => {
  const leader = { id: 's1', epoch: 3, leadsForMs: 7_500_000 };

  const page = renderStatus(
    {
      redis,
      leader,
      workers: [workerView({})],
      queues: [queue({ jobs: { waiting: 7, dead_lettered: 1 }, oldestAgeMs: 4_000 })],
      breakers: noBreakers,
    },
    plain,
  );

  expect(page).toBe(
    [
      'Redis       redis 7.2.0 at redis://127.0.0.1:7001, namespace bulwark, 3 MiB used, answers in 0.3 ms',
      'Supervisor  s1 leads for 2h 5m (epoch 3)',
      '',
      'Workers     1 alive, 2 of 10 slots busy',
      'ID  PID  STATE     BEAT  BUSY  MEMORY  UPTIME  LONGEST            KINDS',
      'w1   42  running  300ms  2/10  90 MiB  3m 20s  send-receipt 4.2s  send-receipt',
      '',
      'Queues      1 queue',
      'QUEUE  CRITICALITY  WAITING  DELAYED  ACTIVE  COMPLETED  DEAD  OLDEST  SLO',
      'email  critical           7        0       0          0     1    4.0s  30s',
    ].join('\n'),
  );
});

it('says what is missing, and what to do about it', () => {
  const page = renderStatus({ redis, leader: null, workers: [], queues: [], breakers: noBreakers }, plain);

  expect(page).toContain('nobody leads');
  expect(page).toContain('none: jobs wait until one runs (bulwark up, or bulwark worker run)');
  expect(page).toContain('no queue yet');
});

it('counts workers that give no sign of life apart', () => {
  const workers = [workerView({}), workerView({ state: 'late' }), workerView({ state: 'silent' })];

  expect(renderStatus({ redis, leader: null, workers, queues: [], breakers: noBreakers }, plain)).toContain(
    '1 alive, 1 late, 1 silent, 6 of 30',
  );
});

it('marks what needs a look: silent workers, dead letters, waits beyond the promise, paused queues', () => {
  const queues = [queue({ jobs: { dead_lettered: 3 }, oldestAgeMs: 45_000 }), queue({ queue: 'slow', paused: true })];

  const page = renderStatus(
    { redis, leader: null, workers: [workerView({ state: 'silent' })], queues, breakers: noBreakers },
    marking,
  );

  for (const mark of ['<red>silent</>', '<red>3</>', '<red>45s !</>', '<yellow>slow (paused)</>']) {
    expect(page).toContain(mark);
  }
});

it('shows rare states only where there is something in them', () => {
  const usual = renderStatus({ redis, leader: null, workers: [], queues: [queue({})], breakers: noBreakers }, plain);
  const rare = renderStatus(
    {
      redis,
      leader: null,
      workers: [],
      queues: [queue({ jobs: { prioritized: 1, failed: 2, 'waiting-children': 3 } })],
      breakers: noBreakers,
    },
    plain,
  );

  expect(usual).not.toMatch(/PRIORITIZED|FAILED|WAITING-CHILDREN/);
  expect(rare).toMatch(/PRIORITIZED.*WAITING-CHILDREN.*FAILED/);
});

it('shows the breakers that are not closed', () => {
  const smtp = breakerState({ name: 'smtp', phase: 'open', reason: 'failure_rate', since: 48_000, until: 61_000 });
  const breakers = { now: 60_000 as EpochMs, breakers: [{ ...smtp, parked: { email: 40, digest: 2 } }] };

  const page = renderStatus({ redis, leader: null, workers: [], queues: [queue({})], breakers }, plain);

  expect(page.split('\n').slice(-4)).toEqual([
    '',
    'Breakers    1 is not closed: calls of those dependencies are held back',
    'BREAKER  STATE  FOR  SET ASIDE  WHY                NEXT',
    'smtp     open   12s         42  most calls failed  probed again in 1.0s',
  ]);
});
