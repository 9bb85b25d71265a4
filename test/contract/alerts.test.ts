import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { hasPromtool, promtoolFaults } from '../support/promtool.js';
import { faultsOf } from './known-series.js';
import { selectorsOf } from './promql.js';

const root = join(import.meta.dirname, '../..');
const rulesFolder = 'deploy/prometheus/rules';
const casesFolder = 'test/contract/alerts';
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const filesIn = (folder: string): string[] => readdirSync(join(root, folder)).map((file) => `${folder}/${file}`);

const sentence = z.string().min(10);
const alertRule = z.strictObject({
  alert: z.string().regex(/^(Bulwark[A-Z]\w+|Watchdog)$/),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({
    // By the class of the queue, where it has one.
    severity: z.string().regex(/^(page|ticket|info|\{\{.*\}\}page\{\{ else \}\}ticket\{\{ end \}\})$/),
    component: z.enum(['queue', 'worker', 'autoscaler', 'breaker', 'shedding', 'supervisor', 'redis']),
  }),
  annotations: z.strictObject({
    summary: sentence,
    description: sentence.regex(/\.$/),
    runbook_url: z.string(),
    dashboard_url: z
      .string()
      .regex(/^http:\/\/127\.0\.0\.1:3000\/d\/bulwark-(overview|queue|workers|resilience|redis)(\?var-\w+=.*)?$/),
  }),
});
const recordRule = z.strictObject({
  record: z.string().regex(/^(pool|group|queue|criticality):bulwark_[a-z_]+:[a-z]+(_[a-z]+)?\d*[a-z]?$/),
  expr: z.string(),
  labels: z.record(z.string(), z.string()).optional(),
});
const ruleFile = z.object({ groups: z.array(z.object({ rules: z.array(z.union([alertRule, recordRule])) })) });

const rules = filesIn(rulesFolder).flatMap((file) => ruleFile.parse(parse(read(file))).groups.flatMap((g) => g.rules));
const alerts = rules.flatMap((rule) => ('alert' in rule ? [rule] : []));
const recorded = new Set(rules.flatMap((rule) => ('record' in rule ? [rule.record] : [])));

const caseFile = z.object({
  tests: z.array(
    z.object({ promql_expr_test: z.array(z.object({ expr: z.string(), exp_samples: z.array(z.unknown()) })) }),
  ),
});
const cases = filesIn(casesFolder)
  .flatMap((file) => caseFile.parse(parse(read(file))).tests)
  .flatMap(({ promql_expr_test }) => promql_expr_test)
  .map(({ expr, exp_samples }) => ({
    alert: /alertname="(\w+)"/.exec(expr)?.[1],
    fires: exp_samples.length > 0,
  }));

/** The sections of the runbook, by title, with their text. */
const runbook = new Map(
  (/^## Alerts\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(read('docs/operations.md'))?.[1] ?? '')
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
);

describe.skipIf(!hasPromtool())('promtool', () => {
  it('finds nothing wrong with the rules and the configuration', { timeout: 60_000 }, async () => {
    expect(await promtoolFaults(root, ['check', 'rules', '--lint=all', '--lint-fatal', ...filesIn(rulesFolder)])).toBe(
      '',
    );
    expect(await promtoolFaults(root, ['check', 'config', 'deploy/prometheus/prometheus.yml'])).toBe('');
  });

  it('sees every alert fire when it should and stay silent when it should', { timeout: 60_000 }, async () => {
    expect(await promtoolFaults(root, ['test', 'rules', ...filesIn(casesFolder)])).toBe('');
  });
});

it('there are alerts, each under a name of its own', () => {
  expect(alerts.length).toBeGreaterThan(20);
  expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
});

it('the runbook has a section for each alert, and no other', () => {
  expect([...runbook.keys()].sort()).toEqual(alerts.map(({ alert }) => alert).sort());
});

it('Prometheus loads every file of rules', () => {
  const { rule_files } = z
    .object({ rule_files: z.array(z.string()) })
    .parse(parse(read('deploy/prometheus/prometheus.yml')));

  expect(rule_files).toEqual(['rules/*.yml']);
  expect(filesIn(rulesFolder).filter((file) => !file.endsWith('.yml'))).toEqual([]);
});

it.each(rules.map((rule) => ['alert' in rule ? rule.alert : rule.record, rule.expr]))(
  '%s asks only for metrics, labels and values that exist',
  (_name, expr) => {
    expect(selectorsOf(expr).flatMap((selector) => faultsOf(selector, recorded))).toEqual([]);
  },
);

describe.each(alerts)('$alert', ({ alert, annotations }) => {
  it('has a case in which it fires, and one in which it stays silent', () => {
    const said = new Set(cases.filter((one) => one.alert === alert).map(({ fires }) => fires));

    expect(said).toEqual(new Set(alert === 'Watchdog' ? [true] : [true, false]));
  });

  it('leads to its section in the runbook, which says what it means, where to look and what to do', () => {
    expect(annotations.runbook_url).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    expect(runbook.get(alert)).toMatch(/\*\*Means\*\*[\s\S]*\*\*Look(\*\*[\s\S]*\*\*Do\*\*| and do\*\*)/);
  });
});
