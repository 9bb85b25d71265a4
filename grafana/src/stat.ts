import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelLink } from './links.js';
import { colorsBy, mappingsOf, type Steps, thresholds, type Words } from './look.js';
import { linksOf, type PanelBasics, type UnplacedPanel, unplaced } from './panel.js';

export interface StatPanel extends PanelBasics {
  readonly expr: string;
  readonly steps: Steps;
  /** Values that are better said in a word. */
  readonly words?: Words;
  readonly decimals?: number;
  readonly link?: PanelLink;
}

/** One number or word that says by its colour whether all is well. */
export function stat(spec: StatPanel): UnplacedPanel {
  const { title, expr, steps, words, decimals, link } = spec;
  return unplaced(spec, { width: 3, height: 4 }, [{ expr, legend: title, instant: isSumOfRange(expr) }], () => {
    const panel = new PanelBuilder()
      .colorMode(BigValueColorMode.Background)
      .graphMode(BigValueGraphMode.Area)
      .textMode(BigValueTextMode.Value)
      .reduceOptions(lastValue())
      .thresholds(thresholds(steps))
      .colorScheme(colorsBy.thresholds())
      .mappings(words ? mappingsOf(words) : []);
    if (decimals !== undefined) panel.decimals(decimals);
    if (link) panel.dataLinks(linksOf([link]));
    return panel;
  });
}

/** What grew in the whole time shown is one number, and no line. */
const isSumOfRange = (expr: string): boolean => expr.includes('$__range');

export const lastValue = (): ReduceDataOptionsBuilder =>
  new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false);
