import { type MetricRow, metricTable } from '../../src/telemetry/metric-table.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import type { Selector } from './promql.js';

const rowOf = new Map<string, MetricRow>(Object.values(metricTable).map((row) => [row.name, row]));
/** What prom-client says of the process, and Prometheus of its targets. */
const others = new Set([
  'up',
  ...[...(await createMetrics({ role: 'worker', version: '0' }).render()).matchAll(/^# TYPE (\w+)/gm)].map(
    ([, name = '']) => name,
  ),
]);
/** What Prometheus and our registry put on every series. */
const commonLabels = ['role', 'instance', 'job'];

/** The row a series belongs to; a histogram has three kinds of series. */
function findRow(series: string): MetricRow | undefined {
  const histogram = rowOf.get(series.replace(/_(bucket|sum|count)$/, ''));
  return histogram?.type === 'histogram' ? histogram : rowOf.get(series);
}

/** What is wrong with a metric that a rule asks for: nobody exports or records it, or never with such a label. */
export function faultsOf({ name, matchers }: Selector, recorded: ReadonlySet<string>): string[] {
  if (recorded.has(name)) return [];
  const row = findRow(name);
  if (!row) return others.has(name) ? [] : [`${name} is exported by nobody`];
  return matchers.flatMap(({ label, value }) => {
    if (commonLabels.includes(label)) return [];
    const rule = row.labels[label];
    if (rule === undefined) return [`${name} has no label ${label}`];
    if (typeof rule === 'string') return [];
    return value.split('|').flatMap((word) => (rule.includes(word) ? [] : [`${label} of ${name} is never ${word}`]));
  });
}
