import { describe, expect, it } from 'vitest';
import { closedBreaker } from '../../../src/breaker/breaker-machine.js';
import type { BreakerState } from '../../../src/breaker/breaker-state.js';
import { decideDoor, type GateKnowledge } from '../../../src/breaker/decide-door.js';
import type { EpochMs } from '../../../src/time/duration.js';

const now = 1_000_000;
const at = (ms: number) => (now + ms) as EpochMs;

function state(overrides: Partial<BreakerState> = {}): BreakerState {
  return { ...closedBreaker('smtp'), since: Number.NEGATIVE_INFINITY as EpochMs, ...overrides };
}

const open = (forMs: number, generation = 4) => state({ phase: 'open', generation, since: at(-500), until: at(forMs) });
const leased = (forMs: number) => ({ leases: { 'own:1': at(forMs) }, succeeded: 0, failed: 0 });

/** What the door says, without the state it says it of. */
function door(knowledge: Partial<GateKnowledge>): object {
  const { state: _state, ...said } = {
    state: undefined,
    ...decideDoor({ fleet: state(), own: state(), reachable: true, askAt: 0, ...knowledge }, now),
  };
  return said;
}

describe('decideDoor', () => {
  it.each<[string, Partial<GateKnowledge>, object]>([
    ['is free where nobody has anything against it', {}, { kind: 'free' }],
    ['is shut while the fleet is open', { fleet: open(700) }, { kind: 'shut', by: 'fleet', forMs: 700 }],
    ['takes a probe of the fleet when that is over', { fleet: open(0) }, { kind: 'probe', by: 'fleet' }],
    [
      'takes probes while the fleet is half-open',
      { fleet: state({ phase: 'half_open', generation: 5 }) },
      { kind: 'probe', by: 'fleet' },
    ],
    [
      'is shut for as long as the fleet said when it gave no probe',
      { fleet: state({ phase: 'half_open', generation: 5 }), askAt: now + 300 },
      { kind: 'shut', by: 'fleet', forMs: 300 },
    ],
    [
      'is shut by an isolation that has no end, and looked at again now and then',
      { fleet: state({ phase: 'isolated', generation: 5 }) },
      { kind: 'shut', by: 'fleet', forMs: 60_000 },
    ],
    [
      'is shut by an isolation until its end',
      { fleet: state({ phase: 'isolated', generation: 5, until: at(9_000) }) },
      { kind: 'shut', by: 'fleet', forMs: 9_000 },
    ],
    [
      'takes a probe when an isolation is over',
      { fleet: state({ phase: 'isolated', generation: 5, until: at(-1) }) },
      { kind: 'probe', by: 'fleet' },
    ],
    [
      'is rationed when the fleet has just closed: a tenth of twice ten calls a second at first',
      { fleet: state({ generation: 6, since: at(-1_000), openings: 1 }) },
      { kind: 'rationed', by: 'fleet', perSecond: 2 },
    ],
    [
      "is rationed by a worker's share of what the fleet makes",
      { fleet: state({ generation: 6, since: at(-11_000), callsPerSecond: 100, callers: 4 }) },
      { kind: 'rationed', by: 'fleet', perSecond: 25 },
    ],
    ['is free when that is over', { fleet: state({ generation: 6, since: at(-60_000) }) }, { kind: 'free' }],
    [
      "is shut by the worker's own breaker although the fleet is closed",
      { own: open(700) },
      { kind: 'shut', by: 'worker', forMs: 700 },
    ],
    ["takes a probe of the worker's own when that is over", { own: open(-1) }, { kind: 'probe', by: 'worker' }],
    [
      "is shut while the worker's own probe is under way",
      { own: state({ phase: 'half_open', generation: 5, probes: leased(400) }) },
      { kind: 'shut', by: 'worker', forMs: 400 },
    ],
    [
      'takes another when the lease of that is over',
      { own: state({ phase: 'half_open', generation: 5, probes: leased(-1) }) },
      { kind: 'probe', by: 'worker' },
    ],
    [
      "goes by the fleet while it is open, whatever the worker's own breaker says",
      { fleet: open(700), own: state({ generation: 9 }) },
      { kind: 'shut', by: 'fleet', forMs: 700 },
    ],
  ])('%s', (_what, knowledge, expected) => {
    expect(door(knowledge)).toEqual(expected);
  });

  describe('when the fleet cannot be asked', () => {
    const alone = { reachable: false };

    it.each<[string, Partial<GateKnowledge>, object]>([
      [
        'what it said holds',
        { fleet: open(700), own: state({ generation: 4 }) },
        { kind: 'shut', by: 'fleet', forMs: 700 },
      ],
      [
        'the worker probes by itself when that is over',
        { fleet: open(-1), own: state({ generation: 4 }) },
        { kind: 'probe', by: 'worker' },
      ],
      [
        'a refusal of the fleet is no reason to wait',
        { fleet: open(-1), own: state({ generation: 4 }), askAt: now + 300 },
        { kind: 'probe', by: 'worker' },
      ],
      [
        'the worker goes by what it found: shut',
        { fleet: open(-1), own: open(300, 6) },
        { kind: 'shut', by: 'worker', forMs: 300 },
      ],
      [
        'the worker goes by what it found: mended',
        { fleet: open(-1), own: state({ generation: 6, since: at(-70_000) }) },
        { kind: 'free' },
      ],
    ])('%s', (_what, knowledge, expected) => {
      expect(door({ ...alone, ...knowledge })).toEqual(expected);
    });
  });
});
