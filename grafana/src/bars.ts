import { PanelBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BarGaugeSizing,
  BarGaugeValueMode,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import { colorsBy, type Steps, thresholds } from './look.js';
import { type PanelBasics, type UnplacedPanel, unplaced } from './panel.js';
import { lastValue } from './stat.js';

export interface BarsPanel extends PanelBasics {
  readonly expr: string;
  /** What each bar is called. */
  readonly legend: string;
  readonly steps: Steps;
  readonly decimals?: number;
}

/** A bar for each series: who has most of it. */
export function bars(spec: BarsPanel): UnplacedPanel {
  const { expr, legend, steps, decimals = 0 } = spec;
  return unplaced(spec, { width: 12, height: 8 }, [{ expr, legend, instant: true }], () =>
    new PanelBuilder()
      .min(0)
      .decimals(decimals)
      .thresholds(thresholds(steps))
      .colorScheme(colorsBy.thresholds())
      .displayMode(BarGaugeDisplayMode.Basic)
      .orientation(VizOrientation.Horizontal)
      .valueMode(BarGaugeValueMode.Color)
      .sizing(BarGaugeSizing.Auto)
      .maxVizHeight(40)
      .showUnfilled(false)
      .reduceOptions(lastValue()),
  );
}
