import { Histogram as PromHistogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../../src/telemetry/histogram.js';

const settings = { name: 'wait_seconds', help: 'How long.', buckets: [0.1, 1, 10] };
const labelNames = ['queue'];
const same = (labels: Readonly<Record<string, string>>) => labels;

describe('Histogram', () => {
  it('exports what prom-client does for the same observations', async () => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const histogram = new Histogram({ ...settings, labelNames, filter: same });
    ours.registerMetric(histogram as never);
    const model = new PromHistogram({ ...settings, labelNames, registers: [theirs] });

    for (const [queue, value] of [
      ['a', 0.05],
      ['b', 0.1],
      ['a', 0.100_1],
      ['a', 10],
      ['b', 11],
      ['a', 0],
    ] as const) {
      histogram.observe({ queue }, value);
      model.observe({ queue }, value);
    }

    expect(await ours.metrics()).toBe(await theirs.metrics());
    expect(await ours.metrics()).toContain('wait_seconds_bucket{le="+Inf",queue="b"} 2');
  });

  it('shows nothing before the first observation, and zeros where there are no labels', async () => {
    const [labelled, plain] = [
      new Histogram({ ...settings, labelNames, filter: same }),
      new Histogram({ ...settings, labelNames: [], filter: same }),
    ];

    expect((await labelled.getForPromString()).values).toEqual([]);
    expect((await plain.getForPromString()).values.map(({ value }) => value)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('keeps the last exemplar of each bucket', async () => {
    const histogram = new Histogram({ ...settings, labelNames, filter: same });
    const of = (trace_id: string) => ({ trace_id });

    histogram.observe({ queue: 'a' }, 0.5, of('first'));
    histogram.observe({ queue: 'a' }, 0.6, of('second'));
    histogram.observe({ queue: 'a' }, 0.7);

    const { values } = await histogram.getForPromString();
    expect(values.map(({ exemplar }) => exemplar?.labelSet.trace_id)).toEqual([
      undefined,
      'second',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
