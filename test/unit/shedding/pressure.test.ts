import { describe, expect, it } from 'vitest';
import { criticalities } from '../../../src/job/criticality.js';
import { givesUpHistory, isMemoryShort, memoryStage, pressureShare } from '../../../src/shedding/pressure.js';

const none = { memoryRatio: undefined, loopDelayMs: undefined, redisLatencyMs: undefined };

describe('pressureShare', () => {
  it.each<[string, Partial<typeof none | Record<keyof typeof none, number>>, number]>([
    ['asks for nothing when nothing is known', {}, 0],
    ['asks for nothing while loops and Redis are quick', { loopDelayMs: 200, redisLatencyMs: 50 }, 0],
    ['grows with the delay of the loops', { loopDelayMs: 600 }, 0.5],
    ['grows with the latency of Redis', { redisLatencyMs: 150 }, 0.5],
    ['follows the worse of both', { loopDelayMs: 400, redisLatencyMs: 1_000 }, 1],
    ['leaves memory to the producers', { memoryRatio: 0.99 }, 0],
  ])('%s', (_what, pressure, expected) => {
    expect(pressureShare({ ...none, ...pressure })).toBeCloseTo(expected);
  });
});

describe('isMemoryShort', () => {
  const short = (ratio: number | undefined, refused = false) =>
    criticalities.filter((each) => isMemoryShort(each, ratio, refused));

  it.each<[number | undefined, readonly string[]]>([
    [undefined, []],
    [0.69, []],
    [0.7, ['sheddable']],
    [0.8, ['sheddable_plus', 'sheddable']],
    [0.9, ['critical', 'sheddable_plus', 'sheddable']],
    [0.95, ['critical_plus', 'critical', 'sheddable_plus', 'sheddable']],
  ])('refuses at %s of the memory %s', (ratio, expected) => {
    expect(short(ratio)).toEqual(expected);
  });

  it('goes on refusing until the memory is clearly below the stage', () => {
    expect(short(0.69, true)).toEqual(['sheddable']);
    expect(short(0.67, true)).toEqual([]);
  });
});

describe('memoryStage', () => {
  it.each([
    [undefined, 0],
    [0.69, 0],
    [0.7, 1],
    [0.8, 2],
    [0.94, 3],
    [0.95, 4],
  ])('is for %s of the memory %s', (ratio, expected) => {
    expect(memoryStage(ratio)).toBe(expected);
  });
});

describe('givesUpHistory', () => {
  it.each<[number | undefined, boolean, boolean]>([
    [undefined, true, false],
    [0.67, false, false],
    [0.68, false, true],
    [0.67, true, true],
    [0.6, true, true],
    [0.59, true, false],
  ])('at %s of the memory, having done so: %s, says %s', (ratio, gaveUp, expected) => {
    expect(givesUpHistory(ratio, gaveUp)).toBe(expected);
  });
});
