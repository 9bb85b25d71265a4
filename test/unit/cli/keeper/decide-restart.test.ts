import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRestart, earlyDeaths, inCrashLoop, type Life } from '../../../../src/cli/keeper/decide-restart.js';

const policy = { baseMs: 1_000, capMs: 60_000 };
const minute = 60_000;

/** Lives of these lengths, one after the other. */
const lives = (...lengthsMs: number[]): Life[] => {
  let now = 0;
  return lengthsMs.map((length) => {
    const startedAt = now;
    now += length;
    return { startedAt, endedAt: now };
  });
};

describe('decideRestart', () => {
  it.each<[string, number[], number, string]>([
    ['is back at once after ten healthy minutes', [10 * minute], 100, 'was-healthy'],
    ['is back at once after a healthy life that followed many deaths', [1, 1, 1, 11 * minute], 100, 'was-healthy'],
    ['waits up to the base after a first death', [2 * minute], 1_000, 'backoff'],
    ['waits up to the base after an early first death', [50], 1_000, 'backoff'],
    ['doubles with each further death', [2 * minute, 2 * minute], 2_000, 'backoff'],
    ['doubles again', [2 * minute, 2 * minute, 2 * minute], 4_000, 'backoff'],
    ['begins anew after a healthy life', [1, 1, 1, 10 * minute, 50], 1_000, 'backoff'],
    ['never waits longer than the cap', Array(20).fill(2 * minute), 60_000, 'backoff'],
    ['calls two early deaths no loop', [1, 1], 2_000, 'backoff'],
    ['calls three early deaths in a row a loop and waits for the cap', [1, 1, 1], 60_000, 'crash-loop'],
    ['counts only deaths within ten seconds of the start', [9_999, 9_999, 10_000], 4_000, 'backoff'],
    ['calls a life of ten seconds the end of the loop', [1, 1, 1, 10_000], 8_000, 'backoff'],
    ['counts early deaths anew after a longer life', [1, 1, 10_000, 1, 1], 16_000, 'backoff'],
    ['still sees the loop after more deaths', [minute, 1, 1, 1, 1, 1], 60_000, 'crash-loop'],
  ])('%s', (_title, lengthsMs, longestMs, reason) => {
    const decision = decideRestart(lives(...lengthsMs), policy, 1);

    expect(decision).toEqual({ delayMs: longestMs, reason });
  });

  it('spreads restarts over the whole pause', () => {
    const history = lives(minute, minute, minute);

    const delays = [0, 0.25, 0.999].map((random) => decideRestart(history, policy, random).delayMs);

    expect(delays).toEqual([0, 1_000, 3_996]);
  });

  it('for any history, waits between nothing and the cap', () => {
    const anyLives = fc
      .array(fc.integer({ min: 0, max: 20 * minute }), { maxLength: 60 })
      .map((lengths) => lives(...lengths));
    const anyPolicy = fc.record({
      baseMs: fc.integer({ min: 10, max: 60_000 }),
      capMs: fc.integer({ min: 60_000, max: 600_000 }),
    });

    fc.assert(
      fc.property(
        anyLives,
        anyPolicy,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (history, any, random) => {
          const { delayMs } = decideRestart(history, any, random);
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThanOrEqual(any.capMs);
        },
      ),
    );
  });

  it('for any run of deaths, never waits less after one more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 9 * minute }), (deaths, lengthMs) => {
        const bound = (count: number) =>
          decideRestart(lives(...Array<number>(count).fill(lengthMs)), policy, 1).delayMs;
        expect(bound(deaths + 1)).toBeGreaterThanOrEqual(bound(deaths));
      }),
    );
  });
});

describe('inCrashLoop', () => {
  it.each<[string, number[], number | undefined, boolean]>([
    ['is in none before it ever died', [], undefined, false],
    ['is in none after two early deaths', [1, 1], undefined, false],
    ['is in one after three, while it waits', [1, 1, 1], undefined, true],
    ['is still in it while it is started again', [1, 1, 1], 9_999, true],
    ['is out of it once it has outlived a bad start', [1, 1, 1], 10_000, false],
    ['is out of it after a longer life', [1, 1, 1, minute], undefined, false],
  ])('%s', (_title, lengthsMs, runningForMs, looping) => {
    expect(inCrashLoop(lives(...lengthsMs), runningForMs)).toBe(looping);
  });
});

it('counts the early deaths since the last longer life', () => {
  const counts = [[], [1], [minute], [minute, 1, 1], [1, 1, 1]].map((lengths) => earlyDeaths(lives(...lengths)));

  expect(counts).toEqual([0, 1, 0, 2, 3]);
});
