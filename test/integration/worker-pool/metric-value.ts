import type { MetricsPage } from '../../../src/telemetry/metrics.js';

/** The sum of all series of a metric that carry these labels; 0 when there is none. */
export async function metricValue(
  metrics: MetricsPage,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const lines = (await metrics.render()).split('\n').filter((line) => line.startsWith(`${name}{`));
  const fitting = lines.filter((line) =>
    Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)),
  );
  return fitting.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
