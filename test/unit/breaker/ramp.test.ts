import { describe, expect, it } from 'vitest';
import { closedBreaker } from '../../../src/breaker/breaker-machine.js';
import type { BreakerState } from '../../../src/breaker/breaker-state.js';
import { rampCallsPerSecond, rampShare } from '../../../src/breaker/ramp.js';
import type { EpochMs } from '../../../src/time/duration.js';

const closedAt = 1_780_000_000_000 as EpochMs;
const later = (ms: number) => (closedAt + ms) as EpochMs;
const closed = (changes: Partial<BreakerState> = {}): BreakerState => ({
  ...closedBreaker('mail'),
  generation: 4,
  since: closedAt,
  openings: 1,
  callsPerSecond: 50,
  callers: 4,
  ...changes,
});

describe('rampCallsPerSecond', () => {
  it.each([
    [0, 10],
    [4_999, 10],
    [5_000, 25],
    [10_000, 50],
    [19_999, 50],
    [20_000, 100],
    [59_999, 100],
  ])('%i ms after it closed is %i: by and by twice the fifty that were steady', (ms, callsPerSecond) => {
    expect(rampCallsPerSecond(closed(), later(ms))).toBe(callsPerSecond);
  });

  it.each([
    ['not known', 0],
    ['tiny', 0.4],
  ])('takes a rate that is %s for ten', (_what, callsPerSecond) => {
    expect(rampCallsPerSecond(closed({ callsPerSecond }), later(0))).toBe(2);
  });

  it.each([
    ['of which nobody has heard', closedBreaker('mail'), 0],
    ['that closed a minute ago', closed(), 60_000],
    ['that is open', closed({ phase: 'open' }), 0],
    [
      'that was isolated while all was well, of which no rate is known',
      closed({ callsPerSecond: 0, openings: 0, reason: 'released' }),
      0,
    ],
    ['whose moment lies far ahead, because a clock was set back', closed(), -3_600_000],
  ])('has no limit for a breaker %s', (_which, state, ms) => {
    expect(rampCallsPerSecond(state, later(ms))).toBeUndefined();
  });

  it('has the limit of its own rate where it was isolated and had opened before', () => {
    expect(rampCallsPerSecond(closed({ reason: 'released' }), later(0))).toBe(10);
  });

  it.each([
    ['goes on after a minute while calls are turned away', 60_000, 59_000, 100],
    ['goes on for long where it takes long', 500_000, 495_000, 100],
    ['is over when nobody was turned away for ten seconds', 70_000, 60_000, undefined],
    ['is over after ten minutes, whoever is turned away', 600_000, 599_000, undefined],
  ])('%s', (_what, ms, turnedAwayAt, callsPerSecond) => {
    expect(rampCallsPerSecond(closed(), later(ms), later(turnedAwayAt))).toBe(callsPerSecond);
  });

  it('begins at once where the clocks differ a little', () => {
    expect(rampCallsPerSecond(closed(), later(-30))).toBe(10);
  });
});

describe('rampShare', () => {
  it.each([
    [4, 2.5],
    [0, 10],
  ])('of %i callers is %f of the ten', (callers, share) => {
    expect(rampShare(closed({ callers }), later(0))).toBe(share);
  });

  it('has no limit where the fleet has none', () => {
    expect(rampShare(closed(), later(60_000))).toBeUndefined();
  });
});
