import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ration } from '../../../src/breaker/ration.js';

describe('Ration', () => {
  it('gives the first call at once, and says when the next is worth a try', () => {
    const ration = new Ration();

    expect(ration.take(2.3, 1_000)).toEqual({ kind: 'wait', ms: 0 });
    expect(ration.take(2.3, 1_000)).toEqual({ kind: 'refused', forMs: 500 });
    expect(ration.take(2.3, 1_300)).toMatchObject({ kind: 'wait' });
    expect(ration.take(2.3, 1_500)).toMatchObject({ kind: 'refused' });
  });

  it('has those wait for their turn that come together, one after the other', () => {
    const ration = new Ration();
    const turns = Array.from({ length: 8 }, () => ration.take(23, 1_000));

    expect(turns.map((turn) => (turn.kind === 'wait' ? turn.ms : 'refused'))).toEqual([
      0,
      0,
      0,
      50,
      100,
      150,
      200,
      'refused',
    ]);
  });

  it('for any moments, gives no second more than its share, nor more than one call where that is less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.array(fc.nat(400), { maxLength: 300 }), (perSecond, pauses) => {
        const ration = new Ration();
        const made: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          for (let turn = ration.take(perSecond, now); turn.kind === 'wait'; turn = ration.take(perSecond, now)) {
            made.push(now + turn.ms);
          }
        }
        for (const from of made) {
          const inSecond = made.filter((at) => at >= from && at < from + 1_000).length;
          expect(inSecond).toBeLessThanOrEqual(perSecond + 1);
        }
      }),
    );
  });
});
