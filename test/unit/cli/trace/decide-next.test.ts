import { describe, expect, it } from 'vitest';
import { decideNext, type Next, type Present } from '../../../../src/cli/trace/decide-next.js';
import { breakerState } from '../../../support/breaker-state.js';

const service = { serving: 2, freeSlots: 3, idle: {}, strangers: 0, lanes: 1, freeLanes: 1 };
const present = (given: Partial<Present> = {}): Present => ({
  state: 'waiting',
  delayedBy: 'delay',
  children: 0,
  paused: false,
  limitedForMs: 0,
  service,
  hasLeader: true,
  ...given,
});
const smtp = breakerState({ name: 'smtp', phase: 'open' });
const runner = { worker: 'w1', leaseForMs: 900, state: 'running' as const };

describe('what happens next to a job', () => {
  it.each<[string, Partial<Present>, Next]>([
    ['that runs', { state: 'active', runner }, { what: 'ends', runner }],
    [
      'that blocks its worker',
      { state: 'active', runner: { ...runner, state: 'blocked', blockedMs: 5_000 } },
      { what: 'ends', runner: { ...runner, state: 'blocked', blockedMs: 5_000 } },
    ],
    [
      'that a plain BullMQ worker runs',
      { state: 'active', runner: { leaseForMs: 900 } },
      { what: 'ends', runner: { leaseForMs: 900 } },
    ],
    ['that nobody holds', { state: 'active' }, { what: 'recovered', obstacles: [] }],
    [
      'whose worker is silent, with nobody to see it',
      { state: 'active', runner: { ...runner, state: 'silent' }, hasLeader: false },
      { what: 'recovered', runner: { ...runner, state: 'silent' }, obstacles: [{ what: 'no_leader' }] },
    ],
    [
      'whose worker is forgotten',
      { state: 'active', runner: { worker: 'w1', leaseForMs: 900 } },
      { what: 'recovered', runner: { worker: 'w1', leaseForMs: 900 }, obstacles: [] },
    ],
    ['that waits for its turn', { ahead: 4 }, { what: 'starts', ahead: 4, freeSlots: 3, obstacles: [] }],
    ['far behind', { state: 'prioritized' }, { what: 'starts', freeSlots: 3, obstacles: [] }],
    [
      'that its producer delayed',
      { state: 'delayed', dueAt: 9 },
      { what: 'due', at: 9, because: 'delay', obstacles: [] },
    ],
    [
      'that failed before',
      { state: 'delayed', dueAt: 9, delayedBy: 'backoff' },
      { what: 'due', at: 9, because: 'backoff', obstacles: [] },
    ],
    [
      'that waits for a newer worker',
      { state: 'delayed', dueAt: 9, parkedFor: 'newer_version' },
      { what: 'due', at: 9, because: 'newer_version', obstacles: [] },
    ],
    [
      'that is a suspect',
      { state: 'delayed', dueAt: 9, parkedFor: 'quarantine' },
      { what: 'isolated', at: 9, freeLanes: 1, obstacles: [] },
    ],
    [
      'that its breaker holds',
      { state: 'delayed', dueAt: 9, parkedFor: 'breaker:smtp', breaker: smtp, hasLeader: false },
      {
        what: 'returns',
        at: 9,
        breaker: 'smtp',
        obstacles: [{ what: 'breaker', breaker: smtp }, { what: 'no_leader' }],
      },
    ],
    [
      'whose breaker has closed',
      { state: 'delayed', dueAt: 9, parkedFor: 'breaker:smtp', breaker: breakerState({ name: 'smtp' }) },
      { what: 'returns', at: 9, breaker: 'smtp', obstacles: [] },
    ],
    ['that has children', { state: 'waiting-children', children: 2 }, { what: 'children_end', children: 2 }],
    ['that is lost', { state: 'unknown', hasLeader: false }, { what: 'repaired', obstacles: [{ what: 'no_leader' }] }],
  ])('%s', (_what, given, next) => {
    expect(decideNext(present(given))).toEqual(next);
  });
});

describe('what is in the way of a job that waits', () => {
  const waits = (given: Partial<Present>) => {
    const next = decideNext(present(given));
    return 'obstacles' in next ? next.obstacles : [];
  };

  it.each<[string, Partial<Present>, unknown]>([
    ['nothing', {}, []],
    ['a paused queue', { paused: true }, [{ what: 'queue_paused' }]],
    [
      'that there is no worker',
      { service: { ...service, serving: 0, freeSlots: 0 } },
      [{ what: 'no_worker', idle: {} }],
    ],
    [
      'that its workers take nothing more',
      { service: { ...service, serving: 0, freeSlots: 0, idle: { draining: 2 } } },
      [{ what: 'no_worker', idle: { draining: 2 } }],
    ],
    [
      'that nobody knows its kind',
      { service: { ...service, serving: 0, freeSlots: 0, strangers: 3 } },
      [{ what: 'kind_unknown', workers: 3, idle: {} }],
    ],
    [
      'that some do not know its kind',
      { service: { ...service, strangers: 1 } },
      [{ what: 'some_know_not', workers: 1 }],
    ],
    ['that every slot is taken', { service: { ...service, freeSlots: 0 } }, [{ what: 'no_slot' }]],
    ['a rate limit', { limitedForMs: 400 }, [{ what: 'rate_limited', forMs: 400 }]],
    ['that the queue runs as many as it may', { fullAt: 5 }, [{ what: 'queue_full', most: 5 }]],
    ['that it was called off', { willFail: 'wrong customer' }, [{ what: 'will_fail', message: 'wrong customer' }]],
    [
      'a pause, and nobody to work afterwards',
      { paused: true, service: { ...service, serving: 0, freeSlots: 0 } },
      [{ what: 'queue_paused' }, { what: 'no_worker', idle: {} }],
    ],
  ])('%s', (_what, given, obstacles) => {
    expect(waits(given)).toEqual(obstacles);
  });

  it('of a suspect too, and whether somebody can run it alone', () => {
    const suspect = { state: 'delayed', dueAt: 9, parkedFor: 'quarantine' };

    expect(waits({ ...suspect, service: { ...service, lanes: 0, freeLanes: 0 } })).toEqual([{ what: 'no_lane' }]);
    expect(waits({ ...suspect, service: { ...service, lanes: 2, freeLanes: 0 } })).toEqual([
      { what: 'lanes_busy', lanes: 2 },
    ]);
    expect(waits({ ...suspect, hasLeader: false })).toEqual([{ what: 'no_leader' }]);
  });
});
