import {
  GraphDrawStyle,
  GraphGradientMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  LineStyleBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { PanelLink } from './links.js';
import { type Colors, colorsBy, plain, type Steps, thresholds } from './look.js';
import { linksOf, type PanelBasics, type UnplacedPanel, unplaced } from './panel.js';

export interface SeriesPanel extends PanelBasics {
  /** What a line is called, with its expression. `{{label}}` stands for the label of a series. */
  readonly lines: Readonly<Record<string, string>>;
  readonly colors?: Colors;
  /** A regular expression over names: those lines are bounds, drawn dashed and without a filling. */
  readonly bounds?: string;
  /** Draws a line at the values from which colours change. */
  readonly steps?: Steps;
  readonly max?: number;
  /** For things that happen now and then: a bar is easier to see than a spike. */
  readonly bars?: boolean;
  readonly link?: PanelLink;
}

/** Lines over time; never stacked, so that each can be read at the axis. */
export function series(spec: SeriesPanel): UnplacedPanel {
  const { lines, colors = {}, bounds, steps, max, bars = false, link } = spec;
  const queries = Object.entries(lines).map(([legend, expr]) => ({ legend, expr }));
  return unplaced(spec, { width: 8, height: 8 }, queries, () => {
    const panel = new PanelBuilder()
      .min(0)
      .drawStyle(bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
      .lineInterpolation(LineInterpolation.Linear)
      .lineWidth(bars ? 1 : 2)
      .fillOpacity(bars ? 60 : fillOf(max))
      .gradientMode(bars ? GraphGradientMode.None : GraphGradientMode.Opacity)
      .showPoints(VisibilityMode.Never)
      .colorScheme(colorsBy.palette())
      .thresholds(thresholds(steps ?? plain))
      .legend(
        new VizLegendOptionsBuilder()
          .displayMode(LegendDisplayMode.List)
          .placement(LegendPlacement.Bottom)
          .showLegend(true)
          .calcs([]),
      )
      .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
    if (steps) panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
    if (max !== undefined) panel.max(max);
    if (link) panel.dataLinks(linksOf([link]));
    for (const [name, color] of Object.entries(colors)) panel.overrideByName(name, [fixedColor(color)]);
    if (queries.some(({ expr }) => expr.includes('"none"'))) panel.overrideByRegexp('/\\bnone$/', [fixedColor('text')]);
    if (bounds) panel.overrideByRegexp(bounds, boundStyle());
    return panel;
  });
}

/** Several lines at their highest would hide one another's filling. */
const fillOf = (max: number | undefined): number => (max === undefined ? 10 : 0);

const fixedColor = (fixed: string): DynamicConfigValue => ({
  id: 'color',
  value: { mode: 'fixed', fixedColor: fixed },
});

const boundStyle = (): DynamicConfigValue[] => [
  { id: 'custom.lineStyle', value: new LineStyleBuilder().fill('dash').dash([6, 6]).build() },
  { id: 'custom.lineWidth', value: 1 },
  { id: 'custom.fillOpacity', value: 0 },
];
