import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { colorsBy, mappingsOf, plain, thresholds, type Words } from './look.js';
import { type PanelBasics, type UnplacedPanel, unplaced } from './panel.js';

export interface TimelinePanel extends PanelBasics {
  readonly expr: string;
  /** What each row is called. */
  readonly legend: string;
  /** What the values are called. */
  readonly words: Words;
}

/** In which state each of several things was, and from when to when. */
export function timeline(spec: TimelinePanel): UnplacedPanel {
  const { expr, legend, words } = spec;
  return unplaced(spec, { width: 24, height: 6 }, [{ expr, legend }], () =>
    new PanelBuilder()
      .mappings(mappingsOf(words))
      .thresholds(thresholds(plain))
      .colorScheme(colorsBy.thresholds())
      .mergeValues(true)
      .showValue(VisibilityMode.Auto)
      .rowHeight(0.8)
      .fillOpacity(80)
      .legend(
        new VizLegendOptionsBuilder()
          .displayMode(LegendDisplayMode.List)
          .placement(LegendPlacement.Bottom)
          .showLegend(true)
          .calcs([]),
      )
      .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None)),
  );
}
