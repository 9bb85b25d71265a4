import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dashboardFiles } from '../../grafana/src/dashboards.js';
import { metricTable } from '../../src/telemetry/metric-table.js';
import { alertSeries, commonLabels, faultsOf, findRow } from './known-series.js';
import { groupingLabelsOf, selectorsOf, windowsOf } from './promql.js';

// biome-ignore lint/suspicious/noTemplateCurlyInString: this is how Grafana writes its variables
const datasource = z.object({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });

const panel = z.object({
  id: z.int().positive(),
  type: z.string(),
  title: z.string().min(1),
  description: z.string().default(''),
  datasource: datasource.optional(),
  gridPos: z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) }),
  fieldConfig: z
    .object({
      defaults: z.object({
        unit: z.string().default(''),
        noValue: z.string().default(''),
        thresholds: z.object({ steps: z.array(z.object({ color: z.string() })) }).optional(),
      }),
    })
    .optional(),
  targets: z
    .array(
      z.object({
        refId: z.string(),
        expr: z.string(),
        legendFormat: z.string(),
        exemplar: z.boolean().default(false),
        datasource,
      }),
    )
    .default([]),
});

type Panel = z.infer<typeof panel>;

const dashboard = z.object({
  id: z.null().optional(),
  uid: z.string().regex(/^[a-z0-9-]{1,40}$/),
  title: z.string().min(1),
  description: z.string().min(1),
  schemaVersion: z.literal(41),
  editable: z.literal(false),
  refresh: z.string(),
  tags: z.array(z.string()),
  links: z.array(z.unknown()),
  annotations: z.object({ list: z.array(z.object({ expr: z.string(), datasource })) }),
  templating: z.object({
    list: z.array(z.looseObject({ name: z.string(), type: z.string(), query: z.unknown() })),
  }),
  panels: z.array(panel),
});

const folder = new URL('../../grafana/dashboards/', import.meta.url);
const dashboards = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({
    file: basename(file),
    board: dashboard.parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8'))),
  }));

it.each([
  ['sum(rate(a_total{x="1", y=~"b|c"}[$__rate_interval])) or vector(0)', ['a_total x=1 y=b|c']],
  ['max by (queue) (a{x!~"{odd}"}) / on (queue) b > 0', ['a x={odd}', 'b']],
  ['histogram_quantile(0.95, sum by (le) (rate(a_bucket[1m])))', ['a_bucket']],
])('reads the metrics out of %s', (expr, expected) => {
  const read = selectorsOf(expr).map(({ name, matchers }) =>
    [name, ...matchers.map(({ label, value }) => `${label}=${value}`)].join(' '),
  );

  expect(read).toEqual(expected);
});

it('grafana/dashboards is what grafana/src says; npm run dashboards writes it', () => {
  const committed = new Map(dashboards.map(({ file }) => [file, readFileSync(new URL(file, folder), 'utf8')]));

  expect(committed).toEqual(dashboardFiles());
});

it('there is a dashboard, and no two share an address or a title', () => {
  expect(dashboards).not.toEqual([]);
  expect(new Set(dashboards.map(({ board }) => board.uid)).size).toBe(dashboards.length);
  expect(new Set(dashboards.map(({ board }) => board.title)).size).toBe(dashboards.length);
});

it('every metric of the table is on a dashboard', () => {
  const shown = new Set(
    dashboards.flatMap(({ board }) =>
      board.panels.flatMap(({ targets }) =>
        targets.flatMap(({ expr }) => selectorsOf(expr).map(({ name }) => findRow(name)?.name)),
      ),
    ),
  );

  const names = Object.values(metricTable).map(({ name }) => name);
  expect(names.filter((name) => !shown.has(name))).toEqual([]);
});

describe.each(dashboards)('$file', ({ board }) => {
  const panels = board.panels.filter(({ type }) => type !== 'row');
  const targets = panels.flatMap(({ title, targets }) => targets.map((target) => ({ panel: title, ...target })));
  const expressions = [...targets.map(({ expr }) => expr), ...board.annotations.list.map(({ expr }) => expr)];

  it('asks only for metrics, labels and values that exist', () => {
    expect(expressions.flatMap((expr) => selectorsOf(expr).flatMap((selector) => faultsOf(selector)))).toEqual([]);
  });

  it('groups only by labels that its metrics have', () => {
    for (const expr of expressions) {
      const known = [
        ...commonLabels,
        'le',
        ...Object.values(alertSeries).flat(),
        ...selectorsOf(expr).flatMap(({ name }) => Object.keys(findRow(name)?.labels ?? {})),
      ];
      expect(known, expr).toEqual(expect.arrayContaining(groupingLabelsOf(expr)));
    }
  });

  it('names in its legends only labels that are left after grouping', () => {
    for (const { expr, legendFormat } of targets) {
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const grouped = groupingLabelsOf(expr);
      const left = grouped.length > 0 ? grouped : commonLabels;
      expect(left, `${expr} as ${legendFormat}`).toEqual(expect.arrayContaining(named));
    }
  });

  it('follows what is chosen wherever a metric has such a label', () => {
    const offered = board.templating.list.map(({ name }) => name).filter((name) => name !== 'datasource');
    for (const { name, matchers } of targets.flatMap(({ expr }) => selectorsOf(expr))) {
      if (name in alertSeries) continue;
      const labels = ['job', ...Object.keys(findRow(name)?.labels ?? {})];
      for (const label of offered.filter((choice) => labels.includes(choice))) {
        expect(matchers, name).toContainEqual({ label, value: `$${label}` });
      }
    }
  });

  it('uses every choice that it offers', () => {
    for (const { name } of board.templating.list) {
      expect(JSON.stringify(board.panels), name).toMatch(new RegExp(`\\$\\{?${name}\\b`));
    }
  });

  it('looks at the processes of the pool only, where other programs have metrics of the same name', () => {
    for (const { name, matchers } of targets.flatMap(({ expr }) => selectorsOf(expr))) {
      if (findRow(name) || name in alertSeries) continue;
      expect(
        matchers.map(({ label }) => label),
        name,
      ).toContain('role');
    }
  });

  it('leads from its graphs to traces where the bars of a histogram name some, and nowhere else', () => {
    for (const { type, targets } of panels) {
      for (const { expr, exemplar } of targets) {
        const namesTraces = selectorsOf(expr).some(({ name }) => {
          const row = findRow(name);
          return row?.type === 'histogram' && row.exemplars === true && name.endsWith('_bucket');
        });
        expect(exemplar, expr).toBe(type === 'timeseries' && namesTraces);
      }
    }
  });

  it('measures rates over $__rate_interval or the whole range shown', () => {
    for (const { expr } of targets) {
      for (const window of windowsOf(expr)) expect(['$__rate_interval', '$__range'], expr).toContain(window);
    }
  });

  it('asks for rates of counters and never of gauges', () => {
    for (const { expr } of targets) {
      const ranged = [...expr.matchAll(/\b(rate|irate|increase)\((\w+)/g)];
      for (const [, , name = ''] of ranged) expect(name, expr).toMatch(/_(total|bucket|count|sum)$/);
      // `max_over_time(x[1h]) unless x offset 1h` is what a counter grew by that was not there an hour ago.
      const sinceThere = expr.matchAll(/max_over_time\((\w+_total)\{[^}]*\}\[\S+\]\) unless \1\{[^}]*\} offset /g);
      const counters = selectorsOf(expr).filter(({ name }) => /_(total|bucket)$/.test(name));
      const read = ranged.length + 2 * [...sinceThere].length;
      expect(read, `${expr} reads a counter as it is`).toBeGreaterThanOrEqual(counters.length);
    }
  });

  it('chooses its data source by a variable, and reads what can be chosen anew with the time', () => {
    const [source, ...choices] = board.templating.list;

    expect(source).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(choices.map(({ name }) => name)).toContain('job');
    for (const choice of choices) {
      expect(choice).toMatchObject({ type: 'query', refresh: 2, multi: true, includeAll: true, allValue: '.+' });
    }
    for (const { title, datasource } of panels) expect(datasource, title).toBeDefined();
  });

  it('numbers its panels and queries without repeats', () => {
    const ids = board.panels.map(({ id }) => id);
    const titles = panels.map(({ title }) => title);

    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(titles).size).toBe(titles.length);
    for (const { title, targets } of panels) {
      expect(targets.length, title).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    }
  });

  it('gives every panel a description, a unit, and words for when there is nothing', () => {
    for (const { title, description, fieldConfig } of panels) {
      expect(description, title).toMatch(/^[A-Z9].*\.$/);
      expect(fieldConfig?.defaults.unit, title).not.toBe('');
      expect(fieldConfig?.defaults.noValue, title).not.toBe('');
    }
  });

  it('answers in its first row, with a word or a number on a colour', () => {
    const [first, ...rest] = board.panels;
    const answers = rest.slice(0, 8);

    expect(first).toMatchObject({ type: 'row', title: 'Is it healthy?' });
    for (const { type, title, gridPos, fieldConfig } of answers) {
      expect({ type, y: gridPos.y, w: gridPos.w }, title).toEqual({ type: 'stat', y: 1, w: 3 });
      expect(fieldConfig?.defaults.thresholds?.steps, title).not.toEqual([]);
    }
  });

  it('leads to the other dashboards, and its panels to dashboards that exist', () => {
    const known = dashboards.map((other) => other.board.uid);
    const text = JSON.stringify(board.panels);

    expect(board.links).toMatchObject([{ type: 'dashboards', tags: ['bulwark'], keepTime: true, includeVars: true }]);
    expect(board.tags).toContain('bulwark');
    for (const [, uid] of text.matchAll(/\/d\/([\w-]+)/g)) expect(known).toContain(uid);
  });

  it('lays its panels side by side, none over another or past the edge', () => {
    for (const { title, gridPos } of board.panels) expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
    for (const [index, one] of board.panels.entries()) {
      for (const other of board.panels.slice(index + 1)) {
        expect(overlap(one, other), `${one.title} and ${other.title}`).toBe(false);
      }
    }
  });
});

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
