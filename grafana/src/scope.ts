import { type MetricRow, metricTable } from '../../src/telemetry/metric-table.js';

/** What a reader can choose at the top of a dashboard. `job` is the name of the scrape job in Prometheus. */
export type Choice = 'job' | 'instance' | 'queue' | 'kind' | 'breaker';

const rows: ReadonlyMap<string, MetricRow> = new Map(Object.values(metricTable).map((row) => [row.name, row]));
const ours = /\b((?:bulwark|process|nodejs)_\w+)(\{)?/g;

/**
 * Makes every metric of an expression follow what the reader chose: `bulwark_queue_paused` becomes
 * `bulwark_queue_paused{job=~"$job", queue=~"$queue"}` on a dashboard that offers both.
 *
 * A choice is left out where the metric has no such label. An instance is meant of workers: what the leader alone exports is
 * true for the whole pool.
 */
export function scope(expr: string, choices: readonly Choice[]): string {
  return expr.replace(ours, (_, name: string, brace = '') => {
    const matchers = choices.filter((choice) => follows(name, choice)).map((choice) => `${choice}=~"$${choice}"`);
    return `${name}{${matchers.join(', ')}${brace === '' ? '}' : ', '}`;
  });
}

function follows(name: string, choice: Choice): boolean {
  const row = rows.get(name) ?? rows.get(name.replace(/_(bucket|sum|count)$/, ''));
  if (choice === 'job' || row === undefined) return choice === 'job' || choice === 'instance';
  return choice === 'instance' ? row.by.includes('worker') : choice in row.labels;
}
