import { type MetricRow, metricTable } from '../../src/telemetry/metric-table.js';

const histograms: readonly string[] = Object.values<MetricRow>(metricTable).flatMap((row) =>
  row.type === 'histogram' && row.exemplars ? [`${row.name}_bucket`] : [],
);

/** Whether an expression reads a histogram whose bars name a trace that was kept: then a graph leads from its points to those traces. */
export const namesTraces = (expr: string): boolean => histograms.some((name) => expr.includes(name));
