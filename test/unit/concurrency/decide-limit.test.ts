import { describe, expect, it } from 'vitest';
import { decideLimit, type LimitEvidence, type LimitReason } from '../../../src/concurrency/decide-limit.js';
import { initialLimitState, type LimitState } from '../../../src/concurrency/limit-state.js';

const steps = [8, 10, 12];
const here = 1;

/** What was done in a second at each step, as several windows have shown; undefined where nobody was. */
function knowing(donePerS: readonly (number | undefined)[], given: Partial<LimitState> = {}): LimitState {
  const known = donePerS.map((done) =>
    done === undefined ? undefined : { output: Math.log(done), windows: 4, at: 9 },
  );
  return { ...initialLimitState(here), known, windows: 9, bestPace: 10, lastPace: 10, ...given };
}

/** A window in which ten jobs ran at once, and a second of each slot did ten of them. */
const usual: LimitEvidence = { running: 10, pace: 10, error: 0.1, windowMs: 1_000, loopDelayMs: 52 };

interface Case {
  readonly state: LimitState;
  readonly seen?: Partial<LimitEvidence>;
  readonly to: number;
  readonly reason: LimitReason;
}

const cases: Readonly<Record<string, Case>> = {
  'nothing is known': { state: initialLimitState(here), to: 12, reason: 'probe' },
  'the next one is not known': { state: knowing([80, 100, undefined]), to: 12, reason: 'probe' },
  'the one below is not known': { state: knowing([undefined, 100, 100]), to: 8, reason: 'probe' },
  'neither is known, and everything got worse': {
    state: knowing([undefined, 100], { looks: 'down' }),
    to: 8,
    reason: 'probe',
  },
  'the next one does as much more as it has slots more': {
    state: knowing([80, 100, 120]),
    to: 12,
    reason: 'more_does_more',
  },
  'the one below does as much': { state: knowing([100, 100, 100]), to: 8, reason: 'more_does_nothing' },
  'the one below does more': { state: knowing([130, 100, 60]), to: 8, reason: 'more_does_nothing' },
  'both neighbours are worse': { state: knowing([80, 100, 101]), to: 10, reason: 'settled' },
  'jobs take more than one and a half times as long as they can, and did in the window before': {
    state: knowing([80, 45, 100], { bestPace: 10, lastPace: 4.5 }),
    seen: { pace: 4.5 },
    to: 8,
    reason: 'slower',
  },
  'jobs were slow for one window': {
    state: knowing([80, 45, 45], { bestPace: 10, lastPace: 9 }),
    seen: { pace: 4.5 },
    to: 8,
    reason: 'more_does_nothing',
  },
  'handlers hold up the loop': {
    state: knowing([90, 100, 120]),
    seen: { loopDelayMs: 150 },
    to: 8,
    reason: 'loop_delay',
  },
  'handlers hold up the loop, and fewer of them do less': {
    state: knowing([75, 100, 100]),
    seen: { loopDelayMs: 400 },
    to: 10,
    reason: 'loop_delay',
  },
  'the loop is late enough not to grow': {
    state: knowing([80, 100, 120]),
    seen: { loopDelayMs: 120 },
    to: 10,
    reason: 'loop_delay',
  },
  'nobody knows how late the loop is': {
    state: knowing([80, 100, 120]),
    seen: { loopDelayMs: undefined },
    to: 12,
    reason: 'more_does_more',
  },
  'there is too little to do': {
    state: knowing([80, 100, 120]),
    seen: { running: 8 },
    to: 10,
    reason: 'no_demand',
  },
  'everything fails': { state: knowing([80, 100, 120]), seen: { pace: 0 }, to: 10, reason: 'failing' },
};

describe('decideLimit', () => {
  it.each(Object.entries(cases))('when %s', (_when, { state, seen, to, reason }) => {
    const decision = decideLimit(state, { ...usual, ...seen }, steps);

    expect({ to: steps[decision.state.step], reason: decision.reason }).toEqual({ to, reason });
  });

  it('forgets what it knows of other limits when the same one does something else', () => {
    const { state } = decideLimit(knowing([80, 100, 120]), { ...usual, pace: 6 }, steps);

    expect(state.known.map((entry) => entry !== undefined)).toEqual([false, true, false]);
    expect(state.looks).toBe('down');
  });

  it('looks again at what only one window has shown', () => {
    const { known, ...rest } = knowing([80, 100, 100]);
    const once = known.map((entry, step) => (entry && step === 2 ? { ...entry, windows: 1, at: 6 } : entry));

    const decision = decideLimit({ ...rest, known: once }, usual, steps);

    expect(decision.reason).toBe('probe');
    expect(decision.state.step).toBe(2);
  });

  it('takes jobs that do not get faster by fewer of them for as fast as they can be', () => {
    const far = [1, 2, 3, 4, 5, 6, 7];
    const falling = { ...initialLimitState(6), bestPace: 10, lastPace: 4, fall: { step: 6, pace: 4 } };
    const slow = { ...usual, pace: 4, loopDelayMs: undefined };

    const onTheWay = decideLimit({ ...falling, step: 3 }, { ...slow, running: 4 }, far);
    const atTheEnd = decideLimit({ ...falling, step: 0 }, { ...slow, running: 1 }, far);
    const after = decideLimit({ ...falling, step: 1, fall: { step: 7, pace: 4 } }, { ...slow, running: 2 }, [
      ...far,
      8,
    ]);

    expect(onTheWay.reason).toBe('slower');
    expect(atTheEnd.reason).toBe('probe');
    expect(after.state.bestPace).toBe(4);
  });
});
