import { expect, it } from 'vitest';
import { arrivalsIn, followRush, type Rush } from '../../../src/shedding/rush.js';

/** What is acted upon while this much comes, second by second; what is usual is smoothed as for all else. */
function follow(perSecond: readonly number[]): number[] {
  let [rush, usualPerS] = [undefined as Rush | undefined, perSecond[0] ?? 0];
  return perSecond.map((latestPerS) => {
    usualPerS = 0.8 * usualPerS + 0.2 * latestPerS;
    rush = followRush(rush, { usualPerS, latestPerS, elapsedS: 1 });
    return Math.round(arrivalsIn(rush, usualPerS));
  });
}

it('knows three quarters of a rush after two seconds, and does not fall back before the usual rate has caught up', () => {
  expect(follow([90, 300, 300, 300, 300, 300, 300, 300])).toEqual([90, 195, 248, 274, 287, 293, 297, 298]);
});

it.each([
  ['the noise of a second', [100, 120, 80, 130, 100], [100, 104, 99, 105, 104]],
  ['half as much again', [100, 150, 150, 150, 150], [100, 110, 118, 124, 130]],
])('takes %s for none', (_, perSecond, expected) => {
  expect(follow(perSecond)).toEqual(expected);
});

it('forgets a rush of one second within three', () => {
  expect(follow([90, 300, 90, 90, 90])).toEqual([90, 195, 143, 117, 112]);
});

it('does not depend on how often it is told', () => {
  const now = { usualPerS: 90, latestPerS: 300 };
  const before: Rush = { latelyPerS: 90, isOn: false };

  const twice = followRush(followRush(before, { ...now, elapsedS: 0.5 }), { ...now, elapsedS: 0.5 });

  expect(twice.latelyPerS).toBeCloseTo(followRush(before, { ...now, elapsedS: 1 }).latelyPerS);
});
