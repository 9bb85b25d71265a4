import { describe, expect, it } from 'vitest';
import { debtAt, decideLook, type LastLook, type LookOccasion, smallFleet } from '../../../src/recovery/decide-look.js';

const now = 100_000;

function last(overrides: Partial<LastLook> = {}): LastLook {
  return { endedAt: now - 150, debtMs: 40, allAt: now - 200, dropped: 7, ...overrides };
}

/** A large fleet at which somebody looked just before, and nothing has happened since. */
function occasion(overrides: Partial<LookOccasion> = {}): LookOccasion {
  return { workers: 10_000, unseen: 0, last: last(), dropped: 7, now, ...overrides };
}

describe('decideLook', () => {
  it.each<[what: string, given: LookOccasion, expected: string]>([
    ['waits while Redis has lost no connection', occasion(), 'wait none-dropped'],
    ['asks for all when it has lost one', occasion({ dropped: 8 }), 'all dropped'],
    ['asks for all when its counters were set back', occasion({ dropped: -3 }), 'all dropped'],
    ['asks for all the first time', occasion({ last: undefined }), 'all first'],
    ['asks for all of a small fleet every time', occasion({ workers: smallFleet }), 'all small-fleet'],
    ['asks again while something is not settled', occasion({ last: last({ dropped: undefined }) }), 'all unsettled'],
    ['asks again when Redis does not count', occasion({ dropped: undefined }), 'all unsettled'],
    ['asks for those that were never asked for', occasion({ unseen: 1 }), 'unseen'],
    ['asks for all now and then', occasion({ last: last({ allAt: now - 5_000 }) }), 'all safety-net'],
    ['waits while it has asked too much', occasion({ dropped: 8, last: last({ debtMs: 300 }) }), 'wait duty'],
    ['goes on when time has paid for it', occasion({ dropped: 8, last: last({ debtMs: 270 }) }), 'all dropped'],
  ])('%s', (_what, given, expected) => {
    const decision = decideLook(given);

    expect(Object.values(decision).join(' ')).toBe(expected);
  });

  it('lets looks that go on for ever take a fifth of the time', () => {
    const lookMs = 50;
    let [at, looks, before] = [0, 0, undefined as LastLook | undefined];
    for (; at < 60_000; at += 10) {
      if (decideLook(occasion({ now: at, dropped: at, last: before })).kind === 'wait') continue;
      const debtMs = debtAt(before, at) + lookMs;
      at += lookMs;
      looks += 1;
      before = { endedAt: at, debtMs, allAt: at, dropped: -1 };
    }

    expect((looks * lookMs) / at).toBeGreaterThan(0.15);
    expect((looks * lookMs) / at).toBeLessThan(0.25);
  });
});
