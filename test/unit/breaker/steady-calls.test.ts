import { describe, expect, it } from 'vitest';
import { SteadyCalls } from '../../../src/breaker/steady-calls.js';

/** Ten successes a second of three workers, from one second up to another. */
function steadily(calls: SteadyCalls, fromS: number, toS: number): void {
  for (let second = fromS; second < toS; second++) calls.record(`w${second % 3}`, 10, second * 1_000);
}

describe('SteadyCalls', () => {
  it('knows nothing of what was never called', () => {
    const calls = new SteadyCalls();

    expect(calls.perSecond(5_000)).toBe(0);
    expect(calls.callers(5_000)).toBe(0);
  });

  it('tells the rate and the workers', () => {
    const calls = new SteadyCalls();
    steadily(calls, 0, 40);

    expect(calls.perSecond(40_000)).toBe(10);
    expect(calls.callers(40_000)).toBe(3);
  });

  it('tells it after three seconds already', () => {
    const calls = new SteadyCalls();
    steadily(calls, 0, 3);

    expect(calls.perSecond(3_000)).toBe(10);
  });

  it('remembers it while a dependency dies slowly', () => {
    const calls = new SteadyCalls();
    steadily(calls, 0, 40);
    calls.record('w0', 1, 50_000);

    expect(calls.perSecond(70_000)).toBe(10);
    expect(calls.callers(70_000)).toBe(3);
  });

  it('does not take a burst at the begin of ten seconds for the rate', () => {
    const calls = new SteadyCalls();
    steadily(calls, 0, 41);
    calls.record('w0', 40, 40_050);

    expect(calls.perSecond(40_100)).toBe(10);
  });

  it('does not take the report with which ten seconds begin for calls of theirs', () => {
    const calls = new SteadyCalls();
    for (let at = 0; at <= 40_000; at += 500) calls.record(`w${at % 3}`, 5, at);

    expect(calls.perSecond(40_000)).toBe(10);
  });

  it('goes on after a pause', () => {
    const calls = new SteadyCalls();
    steadily(calls, 0, 21);
    calls.record('w0', 200, 35_000);
    steadily(calls, 36, 46);

    expect(calls.perSecond(46_000)).toBe(30);
  });

  it('forgets it after a minute and a span', () => {
    const calls = new SteadyCalls();
    steadily(calls, 0, 10);
    calls.record('w9', 0, 65_000);

    expect(calls.perSecond(70_001)).toBe(0);
    expect(calls.callers(70_001)).toBe(1);
  });

  it('begins anew when the clock was set back', () => {
    const calls = new SteadyCalls();
    steadily(calls, 5_000, 5_040);
    calls.record('w7', 5, 1_000);

    expect(calls.perSecond(2_000)).toBe(5);
    expect(calls.callers(2_000)).toBe(1);
  });
});
