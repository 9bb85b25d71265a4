import { describe, expect, it } from 'vitest';
import type { Criticality } from '../../../src/job/criticality.js';
import { decideNeeds, reachInto } from '../../../src/shedding/reach.js';

const none = { critical_plus: 0, critical: 0, sheddable_plus: 0, sheddable: 0 };
const needs = (before: readonly Criticality[], ratios: Partial<typeof none>, share = 0) => [
  ...decideNeeds(new Set(before), { ratios: { ...none, ...ratios }, soon: none, targetRatio: 0.33, share }),
];
const reach = (criticality: Criticality, inNeed: readonly Criticality[], ratios: Partial<typeof none> = {}) =>
  reachInto(criticality, new Set(inNeed), { ...none, ...ratios });

describe('decideNeeds', () => {
  it('finds a class in need when its wait is half of what is to be held', () => {
    expect(needs([], { critical: 0.17, sheddable_plus: 0.16 })).toEqual(['critical']);
  });

  it('finds one in need that will be soon', () => {
    const soon = { ...none, critical: 0.2 };

    expect([...decideNeeds(new Set(), { ratios: none, soon, targetRatio: 0.33, share: 0 })]).toEqual(['critical']);
  });

  it('keeps it in need for as long as anything is shed', () => {
    expect(needs(['critical'], {}, 0.3)).toEqual(['critical']);
    expect(needs(['critical'], {}, 0.02)).toEqual([]);
  });
});

describe('reachInto', () => {
  it.each<[string, Criticality, readonly Criticality[], Partial<typeof none>, number]>([
    ['spares the first class always', 'critical_plus', ['critical_plus'], { critical_plus: 2 }, 0],
    ['takes a batch for critical work', 'sheddable_plus', ['critical'], {}, 1],
    ['does not take it for its own sake', 'sheddable_plus', ['sheddable_plus'], { sheddable_plus: 2 }, 0],
    ['nor for the class behind it', 'sheddable_plus', ['sheddable'], { sheddable: 2 }, 0],
    ['takes the last class for a batch', 'sheddable', ['sheddable_plus'], {}, 1],
    ['spares critical work while it will be in time', 'critical', ['critical'], { critical: 0.45 }, 0],
    ['takes a part of it when it will hardly be', 'critical', ['critical'], { critical: 0.475 }, 0.5],
    ['and all when the class in front of it will not be', 'critical', [], { critical_plus: 0.5 }, 1],
  ])('%s', (_what, criticality, inNeed, ratios, expected) => {
    expect(reach(criticality, inNeed, ratios)).toBeCloseTo(expected);
  });
});
