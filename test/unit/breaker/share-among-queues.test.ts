import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ParkedInQueue, shareAmongQueues } from '../../../src/breaker/share-among-queues.js';
import { criticalities } from '../../../src/job/criticality.js';

const parked = (queue: string, count: number, criticality: ParkedInQueue['criticality'] = 'critical') => ({
  queue,
  criticality,
  parked: count,
});

describe('sharing what may come back among queues', () => {
  it.each([
    ['gives all to the only queue', 5, [parked('a', 10)], { a: 5 }],
    ['gives no queue more than it has', 5, [parked('a', 3)], { a: 3 }],
    ['gives by how many wait', 6, [parked('a', 10), parked('b', 20)], { a: 2, b: 4 }],
    ['gives the one job to one of two', 1, [parked('a', 10), parked('b', 10)], { a: 1 }],
    [
      'serves the more important first',
      5,
      [parked('low', 9, 'sheddable'), parked('high', 4, 'critical_plus')],
      { high: 4, low: 1 },
    ],
    ['leaves out queues without any', 5, [parked('a', 0), parked('b', 1)], { b: 1 }],
    ['gives nothing when nothing may come back', 0, [parked('a', 10)], {}],
  ])('%s', (_title, most, queues, expected) => {
    expect(Object.fromEntries(shareAmongQueues(most, queues))).toEqual(expected);
  });

  it('for any queues, shares as much as may come back or as there is, and takes from none more than it has', () => {
    const queues = fc.array(fc.record({ criticality: fc.constantFrom(...criticalities), parked: fc.nat(500) }));

    fc.assert(
      fc.property(fc.nat(1_000), queues, (most, given) => {
        const named = given.map((queue, index) => ({ ...queue, queue: `q${index}` }));
        const shares = shareAmongQueues(most, named);
        const shared = [...shares.values()].reduce((sum, share) => sum + share, 0);
        const there = named.reduce((sum, queue) => sum + queue.parked, 0);

        expect(shared).toBe(Math.min(most, there));
        for (const queue of named) expect(shares.get(queue.queue) ?? 0).toBeLessThanOrEqual(queue.parked);
      }),
    );
  });
});
