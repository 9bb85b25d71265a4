import { describe, expect, it } from 'vitest';
import { FleetWindow } from '../../../src/breaker/fleet-window.js';

const start = 1_780_000_000_000;
const at = (seconds: number) => start + seconds * 1_000;
const succeeded = (count: number) => ({ succeeded: count, failed: 0, slow: 0, failedInARow: 0 });
const failed = (count: number) => ({ succeeded: 0, failed: count, slow: 0, failedInARow: count });

describe('FleetWindow', () => {
  it('sums what workers saw, and counts those that saw more failures than successes', () => {
    const window = new FleetWindow();
    window.record('a', succeeded(8), at(0));
    window.record('b', { succeeded: 1, failed: 3, slow: 2, failedInARow: 1 }, at(1));
    window.record('c', { succeeded: 2, failed: 2, slow: 3, failedInARow: 0 }, at(2));

    expect(window.view(at(2))).toMatchObject({ calls: 16, failed: 5, slow: 5, reporting: 3, failing: 1, slowing: 1 });
  });

  it('looks back ten seconds where calls are many', () => {
    const window = new FleetWindow();
    window.record('a', succeeded(100), at(0));
    window.record('b', failed(50), at(9));

    expect(window.view(at(9)).calls).toBe(150);
    expect(window.view(at(10)).calls).toBe(50);
  });

  it('counts among those that report who was quiet for less than a minute', () => {
    const window = new FleetWindow();
    for (const worker of ['a', 'b', 'c']) window.record(worker, succeeded(20), at(0));
    const fail = (second: number) => window.record('a', failed(20), at(second));

    fail(30);
    expect(window.view(at(30))).toMatchObject({ calls: 20, failing: 1, reporting: 3 });
    fail(79);
    expect(window.view(at(79)).reporting).toBe(1);
  });

  it('looks further back, second by second, until it has ten calls', () => {
    const window = new FleetWindow();
    for (let call = 0; call < 20; call++) window.record('a', succeeded(1), at(call * 5));

    expect(window.view(at(95)).calls).toBe(10);
  });

  it('looks back two minutes at most', () => {
    const window = new FleetWindow();
    for (let call = 0; call < 10; call++) window.record('a', succeeded(1), at(call * 40));

    expect(window.view(at(360)).calls).toBe(3);
  });

  it('counts failures in a row over all workers', () => {
    const window = new FleetWindow();
    window.record('a', failed(3), at(0));
    window.record('b', failed(2), at(1));

    expect(window.view(at(1))).toMatchObject({ failedInARow: 5, failingInARow: 2 });
  });

  it('says how long nobody has succeeded', () => {
    const window = new FleetWindow();
    expect(window.view(at(0)).unansweredMs).toBe(0);

    window.record('a', failed(3), at(0));
    expect(window.view(at(2)).unansweredMs).toBe(2_000);

    window.record('b', succeeded(1), at(3));
    window.record('a', failed(3), at(4));
    expect(window.view(at(5)).unansweredMs).toBe(2_000);
  });

  it.each([
    ['those after it', 2, 2, 1],
    ['none when it was the last call', 0, 0, 0],
    ['no more than were reported with it', 9, 4, 1],
  ])('counts of a report with a success %s', (_what, failedInARow, inARow, workers) => {
    const window = new FleetWindow();
    window.record('a', failed(7), at(0));
    window.record('b', { succeeded: 1, failed: 4, slow: 0, failedInARow }, at(1));

    expect(window.view(at(1))).toMatchObject({ failedInARow: inARow, failingInARow: workers });
  });

  it('begins another row after a long silence', () => {
    const window = new FleetWindow();
    window.record('a', failed(7), at(0));
    window.record('a', failed(1), at(121));

    expect(window.view(at(121)).failedInARow).toBe(1);
  });

  it('tells the rate of the last ten seconds, or of as long as it has seen calls', () => {
    const window = new FleetWindow();
    for (let second = 0; second < 30; second++) window.record('a', failed(7), at(second));

    expect(window.view(at(29.9)).callsPerSecond).toBe(7);

    const young = new FleetWindow();
    young.record('a', failed(7), at(0));
    expect(young.view(at(0)).callsPerSecond).toBe(7);
  });

  it('tells what was steady, without what failed', () => {
    const window = new FleetWindow();
    for (let second = 0; second < 30; second++) window.record(`w${second % 2}`, succeeded(7), at(second));
    window.record('w2', failed(500), at(30));

    expect(window.steady(at(30))).toEqual({ callsPerSecond: 7, callers: 3 });
  });

  it('tells for how long the dependency asked not to be called, by the longest that is left', () => {
    const window = new FleetWindow();
    window.record('a', { ...failed(1), retryAfterMs: 60_000 }, at(0));
    window.record('b', { ...failed(1), retryAfterMs: 5_000 }, at(1));

    expect(window.view(at(10)).retryAfterMs).toBe(50_000);
    expect(window.view(at(61)).retryAfterMs).toBe(0);
  });

  it('goes on when the clock was set back: a little as if it stood still, far as if anew', () => {
    const window = new FleetWindow();
    window.record('a', failed(4), at(100));
    window.record('a', failed(1), at(98));
    expect(window.view(at(100)).calls).toBe(5);

    window.record('a', succeeded(2), at(0));
    expect(window.view(at(1)).calls).toBe(2);
  });

  it('counts workers whose own breakers opened, until their calls are good again or it is long ago', () => {
    const window = new FleetWindow();
    window.record('a', { ...failed(8), opened: 'failure_rate' }, at(0));
    window.record('b', { ...failed(8), opened: 'consecutive_failures' }, at(2));

    expect(window.view(at(2)).opened).toEqual({ workers: 2, reason: 'consecutive_failures' });
    window.record('b', succeeded(1), at(5));
    expect(window.view(at(29)).opened).toEqual({ workers: 1, reason: 'failure_rate' });
    expect(window.view(at(30)).opened).toBeUndefined();
  });
});
