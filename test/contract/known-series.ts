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
/** What Prometheus itself says of alerts; our rules give them these labels. */
export const alertSeries = { ALERTS: ['alertname', 'alertstate', 'severity'] } as const;
/** What Prometheus and our registry put on every series. */
export const commonLabels = ['role', 'instance', 'job'];

/** The row a series belongs to; a histogram has three kinds of series. */
export function findRow(series: string): MetricRow | undefined {
  const histogram = rowOf.get(series.replace(/_(bucket|sum|count)$/, ''));
  return histogram?.type === 'histogram' ? histogram : rowOf.get(series);
}

/**
 * What is wrong with a metric that a rule or a panel asks for: nobody exports or records it, or never with such a label. `$queue` stands for
 * what a reader chose.
 */
export function faultsOf({ name, matchers }: Selector, recorded: ReadonlySet<string> = new Set()): string[] {
  if (recorded.has(name) || name in alertSeries) return [];
  const row = findRow(name);
  if (!row) return others.has(name) ? [] : [`${name} is exported by nobody`];
  return matchers.flatMap(({ label, value }) => {
    if (commonLabels.includes(label)) return [];
    const rule = row.labels[label];
    if (rule === undefined) return [`${name} has no label ${label}`];
    if (typeof rule === 'string' || value.startsWith('$')) return [];
    return value.split('|').flatMap((word) => (rule.includes(word) ? [] : [`${label} of ${name} is never ${word}`]));
  });
}
