import { describe, expect, it } from 'vitest';
import { runServer, type ServerModel } from './server-model.js';

const bounds = { min: 1, initial: 10, max: 40 };
const callMs = 100;
const seeds = [1, 2, 3];
/** In a second, of so many calls at once that each go as fast as they can. */
const perS = (calls: number) => (calls * 1_000) / callMs;

/** Serves so many calls at full speed; more of them share that. */
const shared = (knee: number) => (calls: number) => Math.min(1, knee / calls);
/** With more calls it does less: they wait for the same locks, or for memory. */
const crowded = (knee: number) => (calls: number) => (calls <= knee ? 1 : (knee / calls) ** 2);

const shapes = { shared, crowded };
const runs = Object.keys(shapes).flatMap((shape) =>
  [4, 10, 25].flatMap((knee) => seeds.map((seed) => ({ shape: shape as keyof typeof shapes, knee, seed }))),
);

/** Nine of ten jobs take half of the average, and the tenth eleven times as long as they. */
const uneven = (chance: number) => (chance < 0.1 ? 5.5 : 0.5);
const unhindered = () => 1;
const longJobs = [
  { jobs: 'of 10 s', callMs: 10_000, max: 10 },
  { jobs: 'of 30 s', callMs: 30_000, max: 10 },
  { jobs: 'of very different lengths, of 2.5 s', callMs: 2_500, max: 40, lengths: uneven },
  { jobs: 'of very different lengths, of 10 s', callMs: 10_000, max: 10, lengths: uneven },
].flatMap((given) => seeds.map((seed) => ({ ...given, seed })));

function run(model: Omit<ServerModel, 'bounds' | 'callMs'>) {
  return runServer({ bounds, callMs, ...model });
}

describe('an adaptive limit in front of a dependency, on a virtual clock', () => {
  it.each(runs)('gets at least 80 % of what can be done: $shape, $knee calls at once, seed $seed', (given) => {
    const { donePerS } = run({ speed: shapes[given.shape](given.knee), seed: given.seed, forS: 300 });

    expect(donePerS(100, 300)).toBeGreaterThanOrEqual(0.8 * perS(given.knee));
  });

  it.each(longJobs)('does not take chance for slowness with jobs $jobs, seed $seed', ({ max, ...given }) => {
    const forS = 4 * 3_600;

    const { donePerS } = runServer({ ...given, bounds: { min: 1, initial: 10, max }, speed: unhindered, forS });

    expect(donePerS(0, forS)).toBeGreaterThanOrEqual((0.85 * max * 1_000) / given.callMs);
  });

  it.each(seeds)('goes on deciding where less than a hundred jobs end from one lull to the next, seed %i', (seed) => {
    const slow = { callMs: 2_500, speed: crowded(4), seed, forS: 3_600 };

    const { donePerS } = runServer({ ...slow, bounds });

    expect(donePerS(1_800, 3_600)).toBeGreaterThanOrEqual((0.78 * 4 * 1_000) / slow.callMs);
  });

  it.each(seeds)('follows a capacity that falls to two fifths and comes back, seed %i', (seed) => {
    const speed = (calls: number, s: number) => crowded(s >= 120 && s < 300 ? 4 : 10)(calls);

    const { donePerS, limits } = run({ speed, seed, forS: 500 });
    const highest = (fromS: number, toS: number) =>
      Math.max(...limits.filter(({ s }) => s >= fromS && s < toS).map(({ limit }) => limit));

    expect(donePerS(60, 120)).toBeGreaterThanOrEqual(0.8 * perS(10));
    expect(donePerS(220, 300)).toBeGreaterThanOrEqual(0.8 * perS(4));
    expect(highest(250, 300)).toBeLessThanOrEqual(6);
    expect(donePerS(360, 500)).toBeGreaterThanOrEqual(0.8 * perS(10));
  });

  it.each(seeds)('is not misled for long by calls that take longer however few they are, seed %i', (seed) => {
    const speed = (calls: number, s: number) => shared(40)(calls) / (s >= 120 ? 2.5 : 1);

    const { donePerS } = run({ speed, seed, forS: 400 });

    expect(donePerS(250, 400)).toBeGreaterThanOrEqual((0.8 * perS(40)) / 2.5);
  });

  it.each(seeds)('does not grow when its slots are not all needed, seed %i', (seed) => {
    const { limits, donePerS } = run({ speed: shared(40), load: () => 50, seed, forS: 300 });

    expect(Math.max(...limits.map(({ limit }) => limit))).toBe(bounds.initial);
    expect(donePerS(10, 300)).toBeCloseTo(50, -1);
  });

  it.each(seeds)('lets four workers that share a dependency get all that it can do, seed %i', (seed) => {
    const { donePerS } = run({ speed: shared(40), workers: 4, seed, forS: 200 });

    expect(donePerS(50, 200)).toBeGreaterThanOrEqual(0.9 * perS(40));
  });

  it.each(seeds)('lets four workers keep off a dependency that does less the more they call, seed %i', (seed) => {
    const { donePerS } = run({ speed: crowded(16), workers: 4, seed, forS: 300 });

    expect(donePerS(150, 300)).toBeGreaterThanOrEqual(0.75 * perS(16));
  });
});
