import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry, type RegistryContentType } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { MetricsText } from '../../../src/telemetry/metrics-text.js';

/** A registry with every sort of metric, and labels that have to be escaped. */
function startRegistry(contentType: RegistryContentType, exemplars: boolean) {
  const registry = new Registry<RegistryContentType>();
  registry.setContentType(contentType);
  registry.setDefaultLabels({ role: 'worker' });
  const registers = [registry as Registry];
  const counter = new Counter({ name: 'a_total', help: 'Back\\slash.\nTwo lines.', labelNames: ['x', 'y'], registers });
  counter.inc({ x: 'plain', y: 'qu"ote \\ and\nline' }, 3);
  new Counter({ name: 'b_total', help: 'None.', registers }).inc();
  const gauge = new Gauge({ name: 'c', help: 'Odd numbers.', labelNames: ['x'], registers });
  for (const [x, value] of Object.entries({ nan: Number.NaN, more: Infinity, less: -Infinity, small: 1e-9 })) {
    gauge.set({ x }, value);
  }
  const settings = { help: 'Durations.', buckets: [0.1, 1], registers, enableExemplars: exemplars };
  const histogram = new Histogram({ ...settings, name: 'd_seconds', labelNames: ['x'] });
  const bare = new Histogram({ ...settings, name: 'e_seconds' });
  const observe = (x: string, value: number) => {
    if (!exemplars) {
      histogram.observe({ x }, value);
      bare.observe(value);
      return;
    }
    // Its types know only the metric's own labels.
    const exemplarLabels: object = { trace_id: `trace-${value}` };
    histogram.observe({ labels: { x }, value, exemplarLabels });
    bare.observe({ labels: {}, value, exemplarLabels });
  };
  new Gauge({ name: 'f', help: 'Nothing was ever set.', labelNames: ['x'], registers });
  return { registry, counter, gauge, observe };
}

describe.each([
  [Registry.PROMETHEUS_CONTENT_TYPE, false],
  [Registry.OPENMETRICS_CONTENT_TYPE, false],
  [Registry.OPENMETRICS_CONTENT_TYPE, true],
] as const)('MetricsText in %s, exemplars %s', (contentType, exemplars) => {
  it('writes what prom-client writes, at every look', async () => {
    const { registry, counter, gauge, observe } = startRegistry(contentType, exemplars);
    const text = new MetricsText(registry, { role: 'worker' });
    const pages: string[] = [];
    const expected: string[] = [];
    const look = async () => {
      pages.push(await text.render());
      expected.push(await registry.metrics());
    };

    observe('one', 0.05);
    await look();
    observe('one', 5);
    observe('two', 0.5);
    counter.inc({ x: 'plain', y: 'another' });
    gauge.reset();
    gauge.set({ x: 'small' }, 2);
    await look();

    expect(pages).toEqual(expected);
    expect(pages[1]).not.toBe(pages[0]);
  });
});

it('writes the metrics of the process as prom-client does', async () => {
  const registry = new Registry();
  registry.setDefaultLabels({ role: 'worker' });
  collectDefaultMetrics({ register: registry });

  const names = (page: string) => page.replace(/ \S+$/gm, '');

  expect(names(await new MetricsText(registry, { role: 'worker' }).render())).toBe(names(await registry.metrics()));
});
