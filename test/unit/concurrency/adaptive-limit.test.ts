import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '../../../src/concurrency/adaptive-limit.js';

/** Half a minute before a minute begins on the clock that all workers share. */
const startedAt = 5 * 60_000 + 30_000;

/** A limit of ten, and as many jobs as are wanted. */
function limitOfTen() {
  const limit = new AdaptiveLimit({ min: 10, initial: 10, max: 10 });
  return { limit, ...running(limit) };
}

function running(limit: AdaptiveLimit) {
  let [elapsedMs, offMs] = [0, 0];
  /** Lets jobs end until so much time has passed since the start; answers how many lulls began and ended. */
  const runUntil = (untilMs: number, { busy = limit.allowed, heldMs = 20 } = {}) => {
    let lulls = 0;
    while (elapsedMs < untilMs) {
      elapsedMs += 5;
      const verdict = limit.slotFreed(
        { kind: 'call', heldMs, isDone: true, running: busy },
        { elapsedMs, sharedMs: startedAt + offMs + elapsedMs },
      );
      if (verdict?.reason === 'lull') lulls += 1;
    }
    return lulls;
  };
  const putClock = (byMs: number) => {
    offMs += byMs;
  };
  return { runUntil, putClock };
}

/** A limit that may go down to four and begins with eight; with jobs that always take the same it stays near that. */
function limitOfEight() {
  const limit = new AdaptiveLimit({ min: 4, initial: 8, max: 8 });
  return { limit, ...running(limit) };
}

describe('a lull', () => {
  it('begins with a minute, lets half as many jobs run, and ends within seconds', () => {
    const { limit, runUntil } = limitOfEight();

    const before = runUntil(29_990);
    const began = runUntil(30_010);
    const inIt = [limit.allowed, limit.limit];
    const ended = runUntil(35_000);

    expect([before, began, ended]).toEqual([0, 1, 1]);
    expect(inIt).toEqual([4, expect.toSatisfy((usual: number) => usual > 4)]);
    expect(limit.allowed).toBe(limit.limit);
  });

  it('comes once a minute, also when the shared clock is put back a little', () => {
    const { runUntil, putClock } = limitOfEight();
    runUntil(35_000);

    putClock(-10_000);

    expect(runUntil(45_000)).toBe(0);
    expect(runUntil(105_000)).toBe(2);
  });

  it.each([
    ['while slots are free', { busy: 3 }],
    ['while jobs are long', { heldMs: 10_000 }],
  ])('does not come %s', (_when, use) => {
    expect(limitOfEight().runUntil(100_000, use)).toBe(0);
  });

  it('does not come where fewer may not run', () => {
    expect(limitOfTen().runUntil(100_000)).toBe(0);
  });
});
