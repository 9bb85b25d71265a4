import { describe, expect, it } from 'vitest';
import type { BreakerPhase, BreakerReason, BreakerState } from '../../../src/breaker/breaker-state.js';
import { transitionsBetween } from '../../../src/breaker/breaker-transitions.js';
import type { EpochMs } from '../../../src/time/duration.js';

const breaker = (phase: BreakerPhase, reason: BreakerReason, generation: number): BreakerState => ({
  name: 'smtp',
  generation,
  phase,
  reason,
  since: 1_000 as EpochMs,
  openings: 0,
  callsPerSecond: 0,
  callers: 0,
  probes: { leases: {}, succeeded: 0, failed: 0 },
});

const seen = (state?: BreakerState) => new Map(state ? [[state.name, state]] : []);
const ways = (before: BreakerState | undefined, after: BreakerState) =>
  transitionsBetween(seen(before), [after]).map(({ from, to }) => `${from} > ${to}`);

const closed = breaker('closed', 'probes_succeeded', 4);
const open = breaker('open', 'failure_rate', 5);
const halfOpen = breaker('half_open', 'failure_rate', 6);
const isolated = breaker('isolated', 'isolated', 7);

describe('the transitions between two looks at a breaker', () => {
  it.each([
    ['that nobody had heard of and is open', undefined, open, ['closed > open']],
    ['that opened', closed, open, ['closed > open']],
    ['that began to probe', open, halfOpen, ['open > half_open']],
    ['that closed', halfOpen, breaker('closed', 'probes_succeeded', 7), ['half_open > closed']],
    ['whose probe failed', halfOpen, breaker('open', 'probe_failed', 7), ['half_open > open']],
    ['that was isolated while it was open', open, isolated, ['open > isolated']],
    ['that was released', isolated, breaker('closed', 'released', 8), ['isolated > closed']],
    ['whose isolation ran out', isolated, breaker('open', 'isolation_expired', 8), ['isolated > open']],
    ['that stayed as it was', open, open, []],
    ['that was isolated once more', isolated, breaker('isolated', 'isolated', 9), []],
  ])('of one %s are told', (_title, before, after, expected) => {
    expect(ways(before, after)).toEqual(expected);
  });

  it.each([
    ['open that closed', open, breaker('closed', 'probes_succeeded', 9), ['open > half_open', 'half_open > closed']],
    ['open whose probe failed', open, breaker('open', 'probe_failed', 9), ['open > half_open', 'half_open > open']],
    [
      'half-open that probes anew',
      halfOpen,
      breaker('half_open', 'probe_failed', 9),
      ['half_open > open', 'open > half_open'],
    ],
    [
      'half-open that closed and opened',
      halfOpen,
      breaker('open', 'failure_rate', 9),
      ['half_open > closed', 'closed > open'],
    ],
    [
      'closed whose isolation ran out',
      closed,
      breaker('open', 'isolation_expired', 9),
      ['closed > isolated', 'isolated > open'],
    ],
  ])('of one that was %s in between have what it passed through', (_title, before, after, expected) => {
    expect(ways(before, after)).toEqual(expected);
  });

  it('are none for a breaker that was forgotten', () => {
    expect(transitionsBetween(seen(closed), [])).toEqual([]);
  });
});
