import { describe, expect, it } from 'vitest';
import { rationHeadroom } from '../../../src/breaker/breaker-policy.js';
import type { BreakerState } from '../../../src/breaker/breaker-state.js';
import { ReturnAllowance } from '../../../src/breaker/return-allowance.js';
import type { EpochMs } from '../../../src/time/duration.js';
import { breakerState } from '../../support/breaker-state.js';

const longAgo = 90_000 as EpochMs;

/** Looks four times a second for so long, and takes all that is allowed; answers how many came back in each second. */
function takeAll(allowance: ReturnAllowance, state: BreakerState, seconds: number, callsPerSecond = 0): number[] {
  const bySecond: number[] = Array.from({ length: seconds }, () => 0);
  for (let at = 250; at <= seconds * 1_000; at += 250) {
    const count = allowance.at(state, callsPerSecond, longAgo, at);
    allowance.use(count, at);
    bySecond[Math.ceil(at / 1_000) - 1] = (bySecond[Math.ceil(at / 1_000) - 1] ?? 0) + count;
  }
  return bySecond;
}

describe('the jobs that may come back at a moment', () => {
  it('are as many a second as the pace says, evenly', () => {
    const [, ...seconds] = takeAll(new ReturnAllowance(), breakerState({ callsPerSecond: 20 * rationHeadroom }), 10);

    for (const count of seconds) expect(count).toBeGreaterThanOrEqual(39);
    for (const count of seconds) expect(count).toBeLessThanOrEqual(41);
  });

  it('are not saved up for longer than half a second', () => {
    const allowance = new ReturnAllowance();
    const state = breakerState({ callsPerSecond: 20 * rationHeadroom });
    allowance.at(state, 0, longAgo, 0);

    expect(allowance.at(state, 0, longAgo, 60_000)).toBe(20);
  });

  it('come at least now and then where the pace is below one a look', () => {
    const seconds = takeAll(new ReturnAllowance(), breakerState({ callsPerSecond: 10 * rationHeadroom }), 10, 18);

    expect(seconds.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(15);
  });

  it('are one to probe with, and not another one while that has not begun', () => {
    const allowance = new ReturnAllowance();
    const state = breakerState({ phase: 'half_open' });
    const first = allowance.at(state, 0, longAgo, 0);
    allowance.use(first, 0);

    expect([first, allowance.at(state, 0, longAgo, 500), allowance.at(state, 0, longAgo, 1_500)]).toEqual([1, 0, 1]);
  });

  it('are fewer and fewer to probe with when nobody takes them', () => {
    const seconds = takeAll(new ReturnAllowance(), breakerState({ phase: 'half_open' }), 40);

    expect(seconds.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(8);
    expect(seconds.slice(-10).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(1);
  });

  it('begin anew with each phase', () => {
    const allowance = new ReturnAllowance();
    takeAll(allowance, breakerState({ generation: 1, callsPerSecond: 100 }), 2);

    expect(allowance.at(breakerState({ generation: 3, callsPerSecond: 100 }), 0, longAgo, 2_250)).toBe(0);
  });
});
