import { Counter, Gauge, Histogram, Registry, type RegistryContentType } from 'prom-client';
import type { LabelRule, MetricRow } from './metric-table.js';
import type { TraceIds } from './tracing/context.js';

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

type LabelValues = Readonly<Record<string, string>>;

/** The trace in which something was observed, so that a dashboard leads there. */
type Exemplar = TraceIds;

/** How the values of labels are bounded before they are recorded. */
export type LabelFilter = (labels: LabelValues) => LabelValues;

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
  const settings = {
    name: row.name,
    help: row.help,
    labelNames: Object.keys(row.labels),
    registers: registry ? [registry] : [],
  };
  const { labelNames } = settings;
  const hasLabels = labelNames.length > 0;

  switch (row.type) {
    case 'counter': {
      const counter = new Counter(settings);
      for (const labels of closedSeries(row.labels)) counter.inc(labels, 0);
      const series = remember(labelNames, (labels) => counter.labels(filter(labels)));
      return {
        inc: (...args: unknown[]) => {
          if (hasLabels) series(args[0] as LabelValues).inc((args[1] as number | undefined) ?? 1);
          else counter.inc((args[0] as number | undefined) ?? 1);
        },
      };
    }
    case 'gauge': {
      const gauge = new Gauge(settings);
      const series = remember(labelNames, (labels) => gauge.labels(filter(labels)));
      return {
        set: (...args: unknown[]) => {
          if (hasLabels) series(args[0] as LabelValues).set((args[1] as number | undefined) ?? 0);
          else gauge.set((args[0] as number | undefined) ?? 0);
        },
        clear: () => gauge.reset(),
      };
    }
    case 'histogram': {
      const keepsExemplars = row.exemplars === true && registry?.contentType === Registry.OPENMETRICS_CONTENT_TYPE;
      const histogram = new Histogram({ ...settings, buckets: [...row.buckets], enableExemplars: keepsExemplars });
      const series = remember(labelNames, (labels) => histogram.labels(filter(labels)));
      return {
        observe: (...args: unknown[]) => {
          const at = hasLabels ? 1 : 0;
          const labels = hasLabels ? (args[0] as LabelValues) : noLabels;
          const value = Math.max(0, (args[at] as number | undefined) ?? 0);
          const exemplar = args[at + 1] as Exemplar | undefined;
          if (keepsExemplars && exemplar !== undefined)
            histogram.observe({ labels: filter(labels), value, exemplarLabels: { ...exemplar } });
          else series(labels).observe(value);
        },
      };
    }
  }
}

const noLabels: LabelValues = {};

/** How many series of one metric are remembered; beyond that each is looked up as prom-client does. */
const mostRemembered = 10_000;

/** Finds the series of some labels without prom-client's sorting and hashing of them, which costs more than the counting itself. */
function remember<S>(labelNames: readonly string[], find: (labels: LabelValues) => S): (labels: LabelValues) => S {
  const known = new Map<string, S>();
  return (labels) => {
    let key = '';
    for (const name of labelNames) key += `${labels[name]}\n`;
    let series = known.get(key);
    if (!series) {
      series = find(labels);
      if (known.size < mostRemembered) known.set(key, series);
    }
    return series;
  };
}

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
