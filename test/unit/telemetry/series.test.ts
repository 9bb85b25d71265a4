import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeriesByLabels } from '../../../src/telemetry/series.js';

const words = fc.constantFrom('', 'a', 'b', 'a\nb', 'b\na', '__proto__', 'constructor');

it('finds the same series for the same labels, and another for others', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ queue: words, kind: words }), { maxLength: 30 }), (asked) => {
      let made = 0;
      const series = new SeriesByLabels(
        ['queue', 'kind'],
        (labels) => labels,
        (labels) => ({ labels, at: made++ }),
      );
      const found = asked.map((labels) => series.of(labels));
      const distinct = new Set(asked.map(({ queue, kind }) => JSON.stringify([queue, kind])));
      expect(found.map(({ labels }) => labels)).toEqual(asked);
      expect(made).toBe(distinct.size);
      expect([...series.values()]).toHaveLength(distinct.size);
    }),
  );
});

it('has one series for all labels of which the filter makes the same', () => {
  const series = new SeriesByLabels(
    ['kind'],
    () => ({ kind: 'other' }),
    (labels) => ({ labels }),
  );

  for (let n = 0; n < 20_000; n++) series.of({ kind: `unknown-${n}` });

  expect([...series.values()]).toEqual([{ labels: { kind: 'other' } }]);
});

it('has the one series of a metric without labels from the beginning', () => {
  const series = new SeriesByLabels(
    [],
    (labels) => labels,
    () => ({ count: 0 }),
  );

  series.of({}).count += 1;

  expect([...series.values()]).toEqual([{ count: 1 }]);
});
