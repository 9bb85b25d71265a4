import { describe, expect, it } from 'vitest';
import { ceilingOf, openCut } from '../../../src/shedding/levels.js';
import { highestShed, type ShedMoment, ShedStory } from '../../../src/shedding/shed-story.js';

const nothing: ShedMoment = { reason: undefined, share: 0, cut: openCut, memoryShort: [] };
const some: ShedMoment = { reason: 'overload', share: 0.2, cut: 40, memoryShort: [] };
const more: ShedMoment = { ...some, share: 0.6, cut: ceilingOf('sheddable') + 5 };

/** What is told when each moment is seen at its second. */
function tell(...moments: readonly (readonly [second: number, moment: ShedMoment])[]): (string | undefined)[] {
  const story = new ShedStory();
  return moments.map(([second, moment]) => story.next(moment, second * 1_000)?.what);
}

describe('the story of shedding', () => {
  it('tells nothing while nothing is shed', () => {
    expect(tell([0, nothing], [1, nothing], [60, nothing])).toEqual([undefined, undefined, undefined]);
  });

  it('tells the beginning at once, and the end', () => {
    expect(tell([0, nothing], [1, some], [30, nothing])).toEqual([undefined, 'shed.begin', 'shed.end']);
  });

  it('tells no move of the cut within a class, however often it moves', () => {
    const moves = Array.from(
      { length: 60 },
      (_, n) => [n, { ...some, cut: 30 + (n % 50), share: 0.2 + n / 100 }] as const,
    );

    expect(tell(...moves).filter((what) => what !== undefined)).toEqual(['shed.begin']);
  });

  it.each<[string, ShedMoment]>([
    ['another class is cut', more],
    ['there is another reason', { ...some, reason: 'operator' }],
    ['memory runs short', { ...some, memoryShort: ['sheddable'] }],
  ])('tells that %s', (_what, moment) => {
    expect(tell([0, some], [20, moment])).toEqual(['shed.begin', 'shed.change']);
  });

  it('tells what changes within ten seconds only if it lasts', () => {
    expect(tell([0, some], [3, more], [6, some], [12, some])).toEqual(['shed.begin', undefined, undefined, undefined]);
    expect(tell([0, some], [3, more], [9, more], [10, more])).toEqual([
      'shed.begin',
      undefined,
      undefined,
      'shed.change',
    ]);
    expect(tell([0, some], [1, nothing], [2, some], [3, nothing], [10, nothing])).toEqual([
      'shed.begin',
      ...[undefined, undefined, undefined],
      'shed.end',
    ]);
  });

  it('says of an end why it was, for how long, and how much gave way at most', () => {
    const story = new ShedStory();
    story.next(some, 0);
    story.next(more, 5_000);
    story.next(some, 6_000);

    expect(story.next(nothing, 42_000)).toEqual({
      what: 'shed.end',
      why: 'overload',
      details: { forMs: 42_000, highestShare: 0.6 },
    });
  });

  it('goes on with what another leader has told of', () => {
    const story = new ShedStory();
    story.goOn(some, 0);

    expect(story.next(some, 1_000)).toBeUndefined();
    expect(story.next(nothing, 2_000)?.what).toBe('shed.end');
  });
});

it.each([
  [openCut, null],
  [1, 'sheddable'],
  [ceilingOf('sheddable'), 'sheddable'],
  [ceilingOf('sheddable') + 1, 'sheddable_plus'],
  [ceilingOf('critical'), 'critical'],
])('a cut at %d comes to the class %s', (cut, expected) => {
  expect(highestShed(cut)).toBe(expected);
});
