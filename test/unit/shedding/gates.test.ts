import { describe, expect, it } from 'vitest';
import { decideGates, type Gates, slotsBehind } from '../../../src/shedding/gates.js';
import { ceilingOf, floorOf } from '../../../src/shedding/levels.js';

const queues = [
  { queue: 'pay', criticality: 'critical' },
  { queue: 'batch', criticality: 'sheddable_plus' },
  { queue: 'bulk', criticality: 'sheddable' },
] as const;
const step = (before: Gates, { cut = 0, waitRatio = 0 }: { readonly cut?: number; readonly waitRatio?: number } = {}) =>
  decideGates(before, { queues, cut, waitRatio, targetRatio: 0.33, elapsedS: 1 });

describe('decideGates', () => {
  it.each<[string, Gates, { readonly cut?: number; readonly waitRatio?: number }, Gates]>([
    ['leaves all open while nothing is cut', {}, {}, {}],
    ['shuts a queue whose whole class is cut', {}, { cut: ceilingOf('sheddable') }, { bulk: 0 }],
    ['leaves one open of which only a part is cut', {}, { cut: floorOf('sheddable_plus') + 5 }, { bulk: 0 }],
    ['shuts both classes', {}, { cut: ceilingOf('sheddable_plus') }, { batch: 0, bulk: 0 }],
    ['begins with the highest class', { batch: 0, bulk: 0 }, {}, { batch: 0.1, bulk: 0 }],
    ['opens it slowly', { batch: 0.5, bulk: 0 }, {}, { batch: 0.55, bulk: 0 }],
    ['goes on with the next class when the first is open', { batch: 0.95, bulk: 0 }, {}, { bulk: 0.1 }],
    ['waits while waits are neither short nor long', { bulk: 0.5 }, { waitRatio: 0.2 }, { bulk: 0.5 }],
    ['halves when waits grow', { bulk: 0.5 }, { waitRatio: 0.4 }, { bulk: 0.25 }],
    ['shuts again when they go on growing', { bulk: 0.15 }, { waitRatio: 0.4 }, { bulk: 0 }],
    ['forgets a queue that is gone', { gone: 0 }, {}, {}],
  ])('%s', (_what, before, input, expected) => {
    const after = step(before, input);

    expect(Object.keys(after)).toEqual(Object.keys(expected));
    for (const [queue, opening] of Object.entries(expected)) expect(after[queue]).toBeCloseTo(opening);
  });
});

describe('slotsBehind', () => {
  it.each<[number, number, number]>([
    [0, 10, 0],
    [0.1, 10, 1],
    [0.1, 3, 1],
    [0.55, 10, 5],
  ])('gives behind an opening of %s of %s slots %s', (opening, slots, expected) => {
    expect(slotsBehind(opening, slots)).toBe(expected);
  });
});
