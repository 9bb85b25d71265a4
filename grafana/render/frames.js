import { applyFieldOverrides, FieldType, Registry, toDataFrame } from '@grafana/data';

/** From what Prometheus answered to the data frames that Grafana's components draw, with the settings of the panel applied. */

const standard = [
  'unit',
  'min',
  'max',
  'decimals',
  'displayName',
  'color',
  'thresholds',
  'mappings',
  'links',
  'noValue',
];
const custom = [
  'drawStyle',
  'lineInterpolation',
  'lineWidth',
  'lineStyle',
  'fillOpacity',
  'gradientMode',
  'showPoints',
  'thresholdsStyle',
  'axisPlacement',
  'cellOptions',
  'align',
  'inspect',
  'stacking',
  'hideFrom',
  'spanNulls',
];
const asItIs = { process: (value) => value, shouldApply: () => true };
const fieldConfigRegistry = new Registry(() => [
  ...standard.map((id) => ({ id, path: id, name: id, ...asItIs })),
  ...custom.map((id) => ({ id: `custom.${id}`, path: id, name: id, isCustom: true, ...asItIs })),
]);

export function applied(frames, panel, theme) {
  return applyFieldOverrides({
    data: frames,
    fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
    fieldConfigRegistry,
    replaceVariables: (text) => text,
    theme,
    timeZone: 'utc',
  });
}

/** A frame for each series, with a point for each step: a step without an answer is a gap. */
export function seriesFrames(panel, { from, to, step }) {
  const times = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) => from + n * step);
  return panel.answers.flatMap((series, index) =>
    series.map(({ metric, values }) => {
      const known = new Map(values.map(([at, value]) => [Math.round(at - from), Number(value)]));
      return toDataFrame({
        refId: panel.targets[index].refId,
        fields: [
          { name: 'Time', type: FieldType.time, values: times.map((at) => at * 1_000), config: {} },
          {
            name: 'Value',
            type: FieldType.number,
            values: times.map((at) => finite(known.get(Math.round(at - from)))),
            labels: metric,
            config: { displayNameFromDS: nameOf(panel.targets[index].legendFormat, metric) },
          },
        ],
      });
    }),
  );
}

const finite = (value) => (value === undefined || Number.isNaN(value) ? null : value);

function nameOf(legend, metric) {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '');
}

/** One frame for all instant queries, joined by their labels: what Grafana's transformations `merge` and `organize` do. */
export function tableFrame(panel) {
  const { excludeByName = {}, renameByName = {} } =
    panel.transformations.find(({ id }) => id === 'organize')?.options ?? {};
  const labels = Object.keys(renameByName).filter((name) => !name.startsWith('Value #') && !excludeByName[name]);
  const rows = new Map();
  panel.answers.forEach((series, index) => {
    for (const { metric, values } of series) {
      const key = labels.map((label) => metric[label] ?? '').join('\n');
      const row = rows.get(key) ?? { metric };
      row[panel.targets[index].refId] = finite(Number(values.at(-1)[1]));
      rows.set(key, row);
    }
  });
  const sorted = [...rows.values()];
  return toDataFrame({
    fields: [
      ...labels.map((label) => ({
        name: renameByName[label],
        type: FieldType.string,
        values: sorted.map(({ metric }) => metric[label] ?? ''),
        config: {},
      })),
      ...panel.targets.map(({ refId }) => ({
        name: renameByName[`Value #${refId}`] ?? refId,
        type: FieldType.number,
        values: sorted.map((row) => row[refId] ?? null),
        config: {},
      })),
    ],
  });
}
