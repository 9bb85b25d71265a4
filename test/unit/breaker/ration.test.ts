import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ration } from '../../../src/breaker/ration.js';

describe('Ration', () => {
  it('gives the first call at once, and says when the next is to be had', () => {
    const ration = new Ration();

    expect(ration.take(2, 1_000)).toBe(0);
    expect(ration.take(2, 1_000)).toBe(500);
    expect(ration.take(2, 1_300)).toBe(200);
    expect(ration.take(2, 1_500)).toBe(0);
  });

  it('for any moments, gives no more in a second than its share and what it had saved', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.array(fc.nat(200), { maxLength: 400 }), (perSecond, pauses) => {
        const ration = new Ration();
        const given: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          while (ration.take(perSecond, now) === 0) given.push(now);
        }
        const saved = Math.max(1, perSecond * 0.1);
        for (const from of given) {
          const inSecond = given.filter((at) => at >= from && at < from + 1_000).length;
          expect(inSecond).toBeLessThanOrEqual(perSecond + saved);
        }
      }),
    );
  });
});
