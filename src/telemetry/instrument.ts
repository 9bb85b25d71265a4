import { Counter, Gauge, type Metric, Registry, type RegistryContentType } from 'prom-client';
import { Histogram } from './histogram.js';
import type { LabelRule, MetricRow } from './metric-table.js';
import { type LabelFilter, type LabelValues, SeriesByLabels } from './series.js';
import type { Exemplar } from './tracing/context.js';

/** The labels of one row of the metric table: all of them, and only words the row allows. */
type LabelsOf<Row extends MetricRow> = {
  readonly [Label in keyof Row['labels']]: Row['labels'][Label] extends readonly (infer Word)[] ? Word : string;
};

/** The leading argument of a recording; absent when the row has no labels. */
type LabelArgument<Row extends MetricRow> = keyof Row['labels'] extends never ? [] : [labels: LabelsOf<Row>];

interface CounterOf<Row extends MetricRow> {
  /** Counts one, or `by` at once. */
  inc(...args: [...LabelArgument<Row>, by?: number]): void;
}

interface GaugeOf<Row extends MetricRow> {
  set(...args: [...LabelArgument<Row>, value: number]): void;
  /** Forgets every series, so that nothing stale is exported: after losing the lead, or before writing a fresh set. */
  clear(): void;
}

interface HistogramOf<Row extends MetricRow> {
  /**
   * Takes seconds. Below zero counts as zero: two machines' clocks may disagree about when a job became due. An exemplar is kept where the
   * row has them and the metrics were made with them.
   */
  observe(...args: [...LabelArgument<Row>, seconds: number, exemplar?: Exemplar]): void;
}

/** What one row of the table is recorded with. */
export type InstrumentOf<Row extends MetricRow> = Row['type'] extends 'counter'
  ? CounterOf<Row>
  : Row['type'] extends 'gauge'
    ? GaugeOf<Row>
    : HistogramOf<Row>;

/**
 * Builds the instrument of a row; `InstrumentOf` is its type to callers.
 *
 * @param registry where it is exported; `undefined` makes it accept recordings and export nothing. Exemplars are kept only for one that
 * speaks OpenMetrics.
 */
export function createInstrument(
  row: MetricRow,
  registry: Registry<RegistryContentType> | undefined,
  filter: LabelFilter,
): object {
  const { name, help } = row;
  const labelNames = Object.keys(row.labels);
  const hasLabels = labelNames.length > 0;
  const registers = registry ? [registry] : [];

  switch (row.type) {
    case 'counter': {
      // What was counted goes to prom-client when somebody scrapes: it looks up its series anew with each count.
      const series = new SeriesByLabels(labelNames, filter, (labels) => ({ labels, count: 0 }));
      const counter = new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          for (const each of series.values()) {
            if (each.count > 0) this.inc(each.labels, each.count);
            each.count = 0;
          }
        },
      });
      for (const labels of closedSeries(row.labels)) counter.inc(labels, 0);
      return {
        inc: (...args: unknown[]) => {
          const labels = hasLabels ? (args[0] as LabelValues) : noLabels;
          const by = (args[hasLabels ? 1 : 0] as number | undefined) ?? 1;
          const each = series.of(labels);
          // A series that begins at zero is there from then on.
          if (by === 0) counter.inc(each.labels, 0);
          else each.count += by;
        },
      };
    }
    case 'gauge': {
      const gauge = new Gauge({ name, help, labelNames, registers });
      return {
        set: (...args: unknown[]) => {
          if (hasLabels) gauge.set(filter(args[0] as LabelValues), (args[1] as number | undefined) ?? 0);
          else gauge.set((args[0] as number | undefined) ?? 0);
        },
        clear: () => gauge.reset(),
      };
    }
    case 'histogram': {
      const keepsExemplars = row.exemplars === true && registry?.contentType === Registry.OPENMETRICS_CONTENT_TYPE;
      const histogram = new Histogram({ name, help, labelNames, buckets: row.buckets, filter });
      registry?.registerMetric(histogram as unknown as Metric);
      return {
        observe: (...args: unknown[]) => {
          const at = hasLabels ? 1 : 0;
          const labels = hasLabels ? (args[0] as LabelValues) : noLabels;
          const seconds = Math.max(0, (args[at] as number | undefined) ?? 0);
          histogram.observe(labels, seconds, keepsExemplars ? (args[at + 1] as Exemplar | undefined) : undefined);
        },
      };
    }
  }
}

const noLabels: LabelValues = {};

/**
 * Every series of a metric whose labels are all closed; none when a label is open.
 *
 * Counters start those at 0: `rate()` cannot see the first increase of a series that was not there before.
 */
function closedSeries(labels: Readonly<Record<string, LabelRule>>): LabelValues[] {
  let series: LabelValues[] = [{}];
  for (const [label, rule] of Object.entries(labels)) {
    if (typeof rule === 'string') return [];
    series = series.flatMap((values) => rule.map((word) => ({ ...values, [label]: word })));
  }
  return series;
}
