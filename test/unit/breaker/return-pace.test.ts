import { describe, expect, it } from 'vitest';
import { rationHeadroom } from '../../../src/breaker/breaker-policy.js';
import { decideReturn } from '../../../src/breaker/return-pace.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { breakerState } from '../../support/breaker-state.js';

const now = 100_000 as EpochMs;
const idle = { callsPerSecond: 0, returnedPerSecond: 0 };
const halfOpen = (succeeded: number, failed: number, underWay: number) =>
  breakerState({
    phase: 'half_open',
    probes: {
      leases: Object.fromEntries(Array.from({ length: underWay }, (_, n) => [`t${n}`, now])),
      succeeded,
      failed,
    },
  });
const closedFor = (ms: number, callsPerSecond = 50) => breakerState({ since: now - ms, callsPerSecond });

describe('what may come back of the jobs that a breaker has set aside', () => {
  it.each([
    ['nothing while it is open', breakerState({ phase: 'open', until: now + 1 }), { kind: 'none' }],
    [
      'one to probe with when its time is over',
      breakerState({ phase: 'open', until: now }),
      { kind: 'probes', wanted: 1 },
    ],
    ['nothing while it is isolated', breakerState({ phase: 'isolated' }), { kind: 'none' }],
    ['one as the first probe', halfOpen(0, 0, 0), { kind: 'probes', wanted: 1 }],
    ['none while the first probe is under way', halfOpen(0, 0, 1), { kind: 'probes', wanted: 0 }],
    ['the other four after it', halfOpen(1, 0, 0), { kind: 'probes', wanted: 4 }],
    ['as many as nobody makes yet', halfOpen(2, 1, 1), { kind: 'probes', wanted: 1 }],
    [
      'a tenth of twice the usual when it has just closed',
      closedFor(0),
      { kind: 'paced', perSecond: 10 / rationHeadroom },
    ],
    ['a quarter after five seconds', closedFor(5_000), { kind: 'paced', perSecond: 25 / rationHeadroom }],
    ['half after ten', closedFor(10_000), { kind: 'paced', perSecond: 50 / rationHeadroom }],
    ['all of it after twenty', closedFor(20_000), { kind: 'paced', perSecond: 100 / rationHeadroom }],
    ['all of it still when the ramp is over', closedFor(90_000), { kind: 'paced', perSecond: 100 / rationHeadroom }],
    [
      'as if ten a second were usual where that is not known',
      closedFor(90_000, 0),
      { kind: 'paced', perSecond: 20 / rationHeadroom },
    ],
  ])('is %s', (_what, state, pace) => {
    expect(decideReturn(state, idle, now)).toEqual(pace);
  });

  it('leaves room for the calls of others, and counts what came back only once', () => {
    const recent = { callsPerSecond: 70, returnedPerSecond: 40 };

    expect(decideReturn(closedFor(20_000), recent, now)).toEqual({
      kind: 'paced',
      perSecond: 100 / rationHeadroom - 30,
    });
  });

  it('is as much as others call where it was isolated while all was well, and no rate was taken down', () => {
    const released = breakerState({ since: now, reason: 'released', openings: 0, callsPerSecond: 0 });

    expect(decideReturn(released, { callsPerSecond: 220, returnedPerSecond: 40 }, now)).toEqual({
      kind: 'paced',
      perSecond: 360 / rationHeadroom - 180,
    });
  });

  it('is nothing when others make all the calls that may be made', () => {
    const recent = { callsPerSecond: 150, returnedPerSecond: 0 };

    expect(decideReturn(closedFor(20_000), recent, now)).toEqual({ kind: 'paced', perSecond: 0 });
  });
});
