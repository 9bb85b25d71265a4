import { Histogram as PromHistogram, Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Histogram } from '../../../src/telemetry/histogram.js';

const settings = { name: 'wait_seconds', help: 'How long.', buckets: [0.1, 1, 10] };
const labelNames = ['queue'];
const same = (labels: Readonly<Record<string, string>>) => labels;

const traced = (trace_id: string) => ({ trace_id });

/** The traces that the lines of the page name, in their order. */
async function tracesOf(histogram: Histogram): Promise<(string | undefined)[]> {
  const { values } = await histogram.getForPromString();
  return values.map(({ exemplar }) => exemplar?.labelSet.trace_id);
}

afterEach(() => {
  vi.useRealTimers();
});

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

  it('shows the last exemplar of the highest bucket that has one', async () => {
    const histogram = new Histogram({ ...settings, labelNames, filter: same });

    histogram.observe({ queue: 'a' }, 0.5, traced('first'));
    histogram.observe({ queue: 'a' }, 0.6, traced('second'));
    histogram.observe({ queue: 'a' }, 0.05, traced('quick'));
    histogram.observe({ queue: 'a' }, 0.7);
    histogram.observe({ queue: 'a' }, 11);

    expect(await tracesOf(histogram)).toEqual([undefined, 'second', undefined, undefined, undefined, undefined]);
  });

  it('shows no exemplar that is older than five minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    const histogram = new Histogram({ ...settings, labelNames, filter: same });
    histogram.observe({ queue: 'a' }, 5, traced('old'));
    vi.setSystemTime(1_000_000 + 299_000);
    histogram.observe({ queue: 'a' }, 0.5, traced('recent'));

    const whileBothAreRecent = await tracesOf(histogram);
    vi.setSystemTime(1_000_000 + 301_000);
    const whenOneIsOld = await tracesOf(histogram);
    vi.setSystemTime(1_000_000 + 600_000);

    expect(whileBothAreRecent).toEqual([undefined, undefined, 'old', undefined, undefined, undefined]);
    expect(whenOneIsOld).toEqual([undefined, 'recent', undefined, undefined, undefined, undefined]);
    expect(await tracesOf(histogram)).toEqual(Array.from({ length: 6 }, () => undefined));
  });
});
