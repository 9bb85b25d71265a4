import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../support/seeded-random.js';
import { virtualFleet } from '../../support/virtual-fleet.js';

const hourMs = 3_600_000;
/** Four trips in them are the most that may be. */
const hours = 40;

describe('20 % of errors by chance', () => {
  it.each([0.1, 0.5, 1, 2, 10])(
    'open a breaker of %f calls a second less than once in ten hours',
    (callsPerSecond) => {
      const random = seededRandom(20_260_304);
      const fails = () => random() < 0.2;

      const trips = [...virtualFleet({ workers: 3, callsPerSecond, random, fails }, hours * hourMs)];

      expect(trips.length / hours).toBeLessThanOrEqual(0.1);
    },
    60_000,
  );
});

/** The time it takes in 99 of 100 outages, each by another seed, each after two minutes and more in which all was well. */
function slowestDetectionMs(callsPerSecond: number, workers: number, outages: number): number {
  const downAt = 150_000;
  const detections = Array.from({ length: outages }, (_, seed) => {
    const random = seededRandom(seed + 1);
    const fleet = virtualFleet({ workers, callsPerSecond, random, fails: (_worker, now) => now >= downAt }, downAt * 3);
    const [trip] = fleet;
    return (trip?.at ?? Number.POSITIVE_INFINITY) - downAt;
  });
  return detections.toSorted((a, b) => a - b)[Math.ceil(outages * 0.99) - 1] ?? Number.POSITIVE_INFINITY;
}

describe('an outage', () => {
  it.each([
    [10, 3_000],
    [2, 8_000],
    [0.2, 90_000],
  ])('of a dependency with %f calls a second is found within %i ms, the report included', (rate, limitMs) => {
    expect(slowestDetectionMs(rate, 5, 200)).toBeLessThanOrEqual(limitMs);
  });

  it('is found as soon by a fleet of a hundred workers, of whom few have made a call yet', () => {
    expect(slowestDetectionMs(10, 100, 50)).toBeLessThanOrEqual(3_000);
  });
});

describe('one worker of five whose way out is broken', () => {
  it('does not open the breaker of the fleet, not even where one of ten calls fails for the others', () => {
    const random = seededRandom(5);
    const fails = (worker: number) => worker === 0 || random() < 0.1;

    const trips = [...virtualFleet({ workers: 5, callsPerSecond: 10, random, fails }, hourMs)];

    expect(trips).toEqual([]);
  });

  it('does not open it either while the others happen to make no calls', () => {
    const random = seededRandom(6);
    const downAt = 60_000;
    const fleet = virtualFleet(
      {
        workers: 5,
        callsPerSecond: 10,
        random,
        fails: (worker) => worker === 0,
        calls: (worker, now) => worker === 0 || now < downAt || now >= downAt + 30_000,
      },
      120_000,
    );

    expect([...fleet]).toEqual([]);
  });
});
