import { describe, expect, it } from 'vitest';
import { debtAt, decideLook, type LastLook, type LookOccasion, smallFleet } from '../../../src/recovery/decide-look.js';

const now = 100_000;

function last(overrides: Partial<LastLook> = {}): LastLook {
  return { endedAt: now - 150, debt: 10_000, allAt: now - 200, dropped: 7, ...overrides };
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
    ['waits while it has asked too much', occasion({ dropped: 8, last: last({ debt: 20_000 }) }), 'wait duty'],
    ['goes on when time has paid for it', occasion({ dropped: 8, last: last({ debt: 17_000 }) }), 'all dropped'],
    [
      'asks for more workers than may be asked for at once, when all is paid',
      occasion({ workers: 50_000, dropped: 8, last: last({ debt: 7_500 }) }),
      'all dropped',
    ],
  ])('%s', (_what, given, expected) => {
    const decision = decideLook(given);

    expect(Object.values(decision).join(' ')).toBe(expected);
  });

  it.each([1_000, 10_000, 100_000])(
    'asks for fifty thousand connections a second at most, of %d workers',
    (workers) => {
      let [asked, last] = [0, undefined as LastLook | undefined];
      for (let at = 0; at < 60_000; at += 10) {
        if (decideLook(occasion({ workers, now: at, dropped: at, last })).kind === 'wait') continue;
        asked += workers;
        last = { endedAt: at, debt: debtAt(last, at) + workers, allAt: at, dropped: -1 };
      }

      expect(asked / 60).toBeGreaterThan(45_000);
      expect(asked / 60).toBeLessThan(55_000);
    },
  );
});
