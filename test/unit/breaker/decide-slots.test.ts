import { describe, expect, it } from 'vitest';
import { decideSlots, type KindDoors } from '../../../src/breaker/decide-slots.js';

const needs = (...doors: KindDoors['doors']): KindDoors => ({ hasFallback: false, doors });

describe('decideSlots', () => {
  it.each<[string, readonly KindDoors[], number]>([
    ['all where nothing is needed', [needs()], 10],
    ['all where everything may be called', [needs('free', 'rationed')], 10],
    ['none where all kinds need what may not be called', [needs('shut'), needs('free', 'shut')], 0],
    ['all where one kind does not need it', [needs('shut'), needs()], 10],
    ['all where a kind has something else to do', [{ hasFallback: true, doors: ['shut'] }], 10],
    ['one where the best is a probe', [needs('shut'), needs('probe', 'free')], 1],
    ['none where a probe is not enough', [needs('probe', 'shut')], 0],
  ])('uses %s', (_what, kinds, slots) => {
    expect(decideSlots(kinds, 10)).toBe(slots);
  });
});
