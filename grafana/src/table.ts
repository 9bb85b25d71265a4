import { TableCellDisplayMode, TableFooterOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { PanelLink } from './links.js';
import { colorsBy, mappingsOf, plain, type Steps, thresholds, type Words } from './look.js';
import { linksOf, type PanelBasics, refIdOf, type UnplacedPanel, unplaced } from './panel.js';

export interface Column {
  readonly expr: string;
  readonly unit?: string;
  readonly decimals?: number;
  readonly steps?: Steps;
  readonly words?: Words;
}

export interface TablePanel extends PanelBasics {
  /** The labels that make a row, with the headings of their columns. */
  readonly rows: Readonly<Record<string, string>>;
  /** Columns of numbers by their headings. */
  readonly columns: Readonly<Record<string, Column>>;
  /** Headings of columns that are only there to make rows. */
  readonly hidden?: readonly string[];
  /** Where the first column leads. */
  readonly link?: PanelLink;
}

/** A row for each combination of some labels, as it is now. */
export function table(spec: TablePanel): UnplacedPanel {
  const { rows, columns, hidden = [], link } = spec;
  const named = Object.entries(columns);
  const queries = named.map(([, { expr }]) => ({ expr, legend: '', instant: true, isTable: true }));
  return unplaced(spec, { width: 24, height: 8 }, queries, () => {
    const panel = new PanelBuilder()
      .thresholds(thresholds(plain))
      .colorScheme(colorsBy.thresholds())
      .footer(new TableFooterOptionsBuilder().show(false).reducer(['sum']))
      .withTransformation({ id: 'merge', options: {} })
      .withTransformation({
        id: 'organize',
        options: {
          excludeByName: Object.fromEntries(['Time', ...hidden].map((name) => [name, true])),
          indexByName: {},
          renameByName: {
            ...rows,
            ...Object.fromEntries(named.map(([heading], index) => [`Value #${refIdOf(index)}`, heading])),
          },
        },
      });
    const [first] = Object.values(rows);
    if (first && link)
      panel.overrideByName(first, [{ id: 'links', value: linksOf([link]).map((each) => each.build()) }]);
    for (const [heading, column] of named) {
      const properties = propertiesOf(column);
      if (properties.length > 0) panel.overrideByName(heading, properties);
    }
    return panel;
  });
}

function propertiesOf({ unit, decimals, steps, words }: Column): DynamicConfigValue[] {
  return [
    ...(unit ? [{ id: 'unit', value: unit }] : []),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(steps ? [{ id: 'thresholds', value: thresholds(steps).build() }] : []),
    ...(words ? [{ id: 'mappings', value: mappingsOf(words) }] : []),
    ...(steps || words ? [{ id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } }] : []),
  ];
}
