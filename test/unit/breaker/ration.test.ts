import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ration } from '../../../src/breaker/ration.js';

describe('Ration', () => {
  it('gives the first call at once, the next after a turn, and none that would wait for longer', () => {
    const ration = new Ration();
    const perSecond = 22;

    expect(ration.take(perSecond, 1_000)).toEqual({ kind: 'given', inMs: 0 });
    const more = [1, 2, 3, 4].map(() => ration.take(perSecond, 10_000));

    expect(more).toEqual([
      { kind: 'given', inMs: 0 },
      { kind: 'given', inMs: 0 },
      { kind: 'given', inMs: 50 },
      { kind: 'given', inMs: 100 },
    ]);
    expect(ration.take(perSecond, 10_000)).toEqual({ kind: 'none', forMs: 150 });
  });

  it('has one wait for its turn where turns are rare, for half a second at most', () => {
    const [often, rarely] = [new Ration(), new Ration()];
    for (const ration of [often, rarely]) ration.take(1.1, 1_000);

    expect(often.take(2.2, 1_000)).toEqual({ kind: 'given', inMs: 500 });
    expect(rarely.take(1.1, 1_000)).toEqual({ kind: 'none', forMs: 1_000 });
  });

  it('for any moments, gives no second more than its share, nor more than one call where that is less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.array(fc.nat(400), { maxLength: 300 }), (perSecond, pauses) => {
        const ration = new Ration();
        const made: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          for (let turn = ration.take(perSecond, now); turn.kind === 'given'; turn = ration.take(perSecond, now)) {
            made.push(now + turn.inMs);
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
