import { describe, expect, it } from 'vitest';
import { FirstAttempts } from '../../../src/retry/first-attempts.js';
import type { EpochMs } from '../../../src/time/duration.js';

const moment = (seconds: number): EpochMs => (1_700_000_000_000 + seconds * 1_000) as EpochMs;

/** Counts some at moments, in seconds, and takes them out at another. */
function counted(at: readonly number[], takenAt: number): number | undefined {
  const firsts = new FirstAttempts();
  for (const seconds of at) firsts.count(['-'], moment(seconds));
  return firsts.take(['-'], moment(takenAt)).get('-');
}

describe('FirstAttempts', () => {
  it.each<[string, readonly number[], number, number]>([
    ['has none at first', [], 0, 0],
    ['counts those of this period', [0, 1, 9], 9, 3],
    ['counts those of the period before', [0, 9, 10], 19, 3],
    ['forgets those before that', [0, 9, 10], 20, 1],
    ['forgets all after a long silence', [0, 9, 10], 3_600, 0],
    ['forgets those of a clock that was set back', [100], 0, 0],
  ])('%s', (_what, at, takenAt, expected) => {
    expect(counted(at, takenAt)).toBe(expected);
  });

  it('hands each of them out once, and only those that are asked for', () => {
    const firsts = new FirstAttempts();
    firsts.count(['-', 'smtp'], moment(0));
    firsts.count(['-', 'bank'], moment(0));

    expect(firsts.take(['-', 'smtp'], moment(1))).toEqual(
      new Map([
        ['-', 2],
        ['smtp', 1],
      ]),
    );
    expect(firsts.take(['-', 'smtp', 'bank'], moment(1))).toEqual(
      new Map([
        ['-', 0],
        ['smtp', 0],
        ['bank', 1],
      ]),
    );
  });
});
