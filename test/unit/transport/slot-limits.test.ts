import { describe, expect, it } from 'vitest';
import { SlotLimits } from '../../../src/transport/slot-limits.js';

describe('SlotLimits', () => {
  it('lets the smallest limit count, whoever set it', () => {
    const limits = new SlotLimits(10);

    expect(limits.set('breakers', 0)).toBe(0);
    expect(limits.set('shedding', 5)).toBe(0);
    expect(limits.set('breakers', 10)).toBe(5);
    expect(limits.set('breakers', 1)).toBe(1);
    expect(limits.set('shedding', 10)).toBe(1);
    expect(limits.set('breakers', 10)).toBe(10);
  });

  it('lets nobody use more slots than there are', () => {
    expect(new SlotLimits(4).set('shedding', 9)).toBe(4);
  });
});
