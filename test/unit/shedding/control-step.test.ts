import { describe, expect, it } from 'vitest';
import { type ControlInput, decideControl, nothingShed, type SeenQueue } from '../../../src/shedding/control-step.js';
import { ceilingOf, openCut } from '../../../src/shedding/levels.js';
import type { ShedOrder } from '../../../src/shedding/shed-order.js';

function queue(overrides: Partial<SeenQueue> & Pick<SeenQueue, 'queue' | 'criticality'>): SeenQueue {
  return {
    sloMs: 30_000,
    waiting: 0,
    oldestAgeMs: 0,
    arrivalsPerS: 50,
    completionsPerS: 50,
    growthPerS: 0,
    lastArrivalsPerS: overrides.arrivalsPerS ?? 50,
    lastCompletionsPerS: 50,
    maxWaiting: undefined,
    ...overrides,
  };
}

const pay = (overrides: Partial<SeenQueue> = {}) => queue({ queue: 'pay', criticality: 'critical', ...overrides });
const bulk = (overrides: Partial<SeenQueue> = {}) => queue({ queue: 'bulk', criticality: 'sheddable', ...overrides });
const calmPressure = { memoryRatio: undefined, loopDelayMs: undefined, redisLatencyMs: undefined };
const input = (queues: readonly SeenQueue[], more: Partial<ControlInput> = {}): ControlInput => ({
  queues,
  pressure: calmPressure,
  order: undefined,
  elapsedS: 1,
  ...more,
});

/** So many seconds of the same. */
function steps(count: number, same: ControlInput, from = nothingShed) {
  let decision = decideControl(from, same);
  for (let n = 1; n < count; n++) decision = decideControl(decision.state, same);
  return decision;
}

const late = [pay({ waiting: 2_000, arrivalsPerS: 80 }), bulk({ waiting: 5_000 })];
const order = (target: ShedOrder['target']): ShedOrder => ({ target, by: 'ada', why: 'a test' });

describe('one second of overload control', () => {
  it('sheds nothing while work is in time', () => {
    const { state, reason } = steps(60, input([pay({ waiting: 50 }), bulk({ waiting: 50 })]));

    expect(state).toMatchObject({ cut: openCut, gates: {}, memoryShort: [] });
    expect(reason).toBeUndefined();
  });

  it('leaves a batch alone that is late because of its own size', () => {
    const { state } = steps(60, input([pay(), bulk({ waiting: 1e6, oldestAgeMs: 3_600_000 })]));

    expect(state.cut).toBe(openCut);
  });

  it('sheds nothing in a pool of one class, where nobody is less important', () => {
    const batch = queue({ queue: 'batch', criticality: 'sheddable_plus', waiting: 1e5, arrivalsPerS: 500 });

    const { state, reason } = steps(60, input([batch]));

    expect(state).toMatchObject({ cut: openCut, gates: {} });
    expect(reason).toBeUndefined();
  });

  it('shuts the queues behind critical work that will be late, within seconds', () => {
    const { state, reason } = steps(6, input(late));

    expect(state.gates).toEqual({ bulk: 0 });
    expect(reason).toBe('overload');
  });

  it('sheds nothing while the fleet has yet to complete its first job, and does once it has', () => {
    const beginning = late.map((each) => ({ ...each, lastCompletionsPerS: 0, completionsPerS: 0 }));
    const begun = steps(20, input(beginning));

    expect(begun).toMatchObject({ reason: undefined, state: { cut: openCut, gates: {} } });
    expect(steps(6, input(late), begun.state).reason).toBe('overload');
  });

  it('does not count as waiting what lies in a shut queue', () => {
    const shut = steps(6, input(late)).state;

    const { waits } = decideControl(shut, input([pay(), bulk({ waiting: 90_000, oldestAgeMs: 600_000 })]));

    expect(waits).toEqual({ critical_plus: 0, critical: 0, sheddable_plus: 0, sheddable: 0 });
  });

  it('opens a shut queue slowly when critical work is in time again', () => {
    const shut = steps(6, input(late)).state;
    const calm = input([pay(), bulk({ waiting: 5_000, arrivalsPerS: 0 })]);

    const after20 = steps(20, calm, shut);
    const after60 = steps(60, calm, shut);

    expect(after20.state.gates['bulk']).toBeGreaterThan(0);
    expect(after20.state.gates['bulk']).toBeLessThan(1);
    expect(after60.state.gates).toEqual({});
    expect(after60.reason).toBeUndefined();
  });

  it('lets work come back of classes that are let in, also while others give way', () => {
    const ordered = steps(60, input([pay(), bulk()], { order: order('sheddable') })).state;
    const shedding = steps(6, input(late)).state;

    expect(steps(6, input([pay()])).state.returnPerS).toBeGreaterThan(0);
    expect(ordered).toMatchObject({ cut: ceilingOf('sheddable') });
    expect(ordered.returnPerS).toBeGreaterThan(50);
    expect(shedding.cut).toBeGreaterThan(openCut);
    expect(shedding.returnPerS).toBeGreaterThan(0);
    expect(shedding.returnPerS).toBeLessThanOrEqual(20);
  });

  it.each<[ShedOrder['target'], number]>([
    ['sheddable', ceilingOf('sheddable')],
    ['sheddable_plus', ceilingOf('sheddable_plus')],
    ['critical', ceilingOf('critical')],
  ])('does what an operator orders: %s', (target, cut) => {
    const { state, reason } = decideControl(nothingShed, input([pay(), bulk()], { order: order(target) }));

    expect(state.cut).toBe(cut);
    expect(reason).toBe('operator');
  });

  it('sheds nothing when an operator says so, whatever the waits are', () => {
    const shut = steps(6, input(late)).state;
    const { state } = steps(1, input(late, { order: order('none') }), shut);

    expect(shut.gates).toEqual({ bulk: 0 });

    expect(state).toMatchObject({ cut: openCut, gates: {} });
  });

  it('refuses for want of memory, and sheds nothing for it', () => {
    const { state, reason } = decideControl(
      nothingShed,
      input([pay(), bulk()], { pressure: { ...calmPressure, memoryRatio: 0.85 } }),
    );

    expect(state).toMatchObject({ cut: openCut, memoryShort: ['sheddable_plus', 'sheddable'] });
    expect(reason).toBe('memory');
  });

  it('refuses for a queue that is full, until a tenth of it is done', () => {
    const holding = (waiting: number) => input([pay(), bulk({ waiting, maxWaiting: 100 })]);

    const full = decideControl(nothingShed, holding(100));
    const still = decideControl(full.state, holding(91));
    const free = decideControl(still.state, holding(89));

    expect([full, still, free].map(({ state }) => [...state.full])).toEqual([['bulk'], ['bulk'], []]);
    expect(full).toMatchObject({ reason: 'queue_full', state: { cut: openCut } });
    expect(free.reason).toBeUndefined();
  });

  it('sheds batches, and no critical work, when Redis is slow', () => {
    const slow = input([pay(), bulk()], { pressure: { ...calmPressure, redisLatencyMs: 400 } });

    const { state, reason } = steps(10, slow);

    expect(state.cut).toBe(ceilingOf('sheddable'));
    expect(reason).toBe('pressure');
  });
});
