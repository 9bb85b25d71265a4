import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type MetricRow, metricTable } from '../../src/telemetry/metric-table.js';
import { metricsDocs } from '../../src/telemetry/metrics-docs.js';

const rows: readonly MetricRow[] = Object.values(metricTable);

it('docs/reference/metrics.md is what the table of metrics says; npm run docs writes it', () => {
  const page = readFileSync(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8');

  expect(page).toBe(metricsDocs());
});

it('names every metric once', () => {
  const names = rows.map((row) => row.name);

  expect(new Set(names).size).toBe(names.length);
});

describe.each(rows)('$name', (row) => {
  it('is named by the rules of Prometheus', () => {
    expect(row.name).toMatch(/^bulwark_[a-z]+(_[a-z]+)*$/);
    expect(row.name.endsWith('_total'), '_total is for counters and for nothing else').toBe(row.type === 'counter');
    expect(row.name, 'base units').not.toMatch(/_(ms|milliseconds|minutes|kb|mb|percent)(_|$)/);
  });

  it('has labels that do not collide with those of Prometheus or of the process', () => {
    for (const label of Object.keys(row.labels)) {
      expect(label).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(['job', 'instance', 'le', 'role']).not.toContain(label);
    }
  });

  it('says in a sentence what it means, and somebody exports it', () => {
    expect(row.help).toMatch(/^[A-Z0-9].*\.$/);
    expect(row.by).not.toEqual([]);
  });

  it('counts durations in buckets that grow', () => {
    if (row.type !== 'histogram') return;

    expect(row.name).toMatch(/_seconds$/);
    expect(row.buckets).toEqual([...new Set(row.buckets)].sort((a, b) => a - b));
  });
});
