import { collectDefaultMetrics, Registry, type RegistryContentType } from 'prom-client';
import type { KindRegistry } from '../job/registry.js';
import { type BullmqAliasOptions, exportBullmqAlias } from './bullmq-alias.js';
import { createInstrument, type InstrumentOf } from './instrument.js';
import { createKindLabel } from './kind-label.js';
import { anyKind, type MetricRow, type MetricTable, metricTable } from './metric-table.js';
import { MetricsText } from './metrics-text.js';
import type { Role } from './role.js';
import type { LabelFilter } from './series.js';
import { isTracing } from './tracing/tracer.js';

export interface MetricsOptions {
  readonly role: Role;
  /** The version of Bulwark, for `bulwark_build_info`. */
  readonly version: string;
  /** The version of BullMQ; a process without it says `none`. */
  readonly bullmqVersion?: string;
  /** The kinds and queues this process knows: bounds the `kind` label and exports what each queue promises. */
  readonly registry?: Pick<KindRegistry, 'kinds' | 'queues'>;
  /**
   * Whether observations name the trace they were made in. Then the page is in the OpenMetrics format, which Prometheus reads as well.
   * @defaultValue whether anybody traces when the metrics are made
   */
  readonly exemplars?: boolean;
  /** Exports the counts of jobs under BullMQ's name for them, too. */
  readonly bullmqAlias?: BullmqAliasOptions;
}

/** What a scraper reads. */
export interface MetricsPage {
  readonly contentType: string;
  /** All metrics in the text format of Prometheus, or in OpenMetrics where they have exemplars. */
  render(): Promise<string>;
}

/** One instrument per row of the metric table, under the row's name there. */
export type Metrics = MetricsPage & { readonly [Name in keyof MetricTable]: InstrumentOf<MetricTable[Name]> };

/**
 * Creates the instruments of one process on a registry of their own; prom-client's global registry stays untouched, so
 * that a host program's metrics and several pools in one process do not meet.
 *
 * Every series carries `role`. Metrics of Node and the process (`process_*`, `nodejs_*`) begin with the first `render`:
 * a process that nobody scrapes does not pay for watching itself.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry<RegistryContentType>();
  if (options.exemplars ?? isTracing()) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const commonLabels = { role: options.role };
  registry.setDefaultLabels(commonLabels);
  const kindLabel = createKindLabel(options.registry?.kinds);

  const instruments = Object.fromEntries(
    Object.entries(metricTable).map(([name, row]: [string, MetricRow]) => [
      name,
      createInstrument(row, row.by.includes(options.role) ? registry : undefined, kindFilter(row, kindLabel)),
    ]),
  );

  if (options.bullmqAlias) exportBullmqAlias(registry, options.bullmqAlias);

  const text = new MetricsText(registry, commonLabels);
  let watchesProcess = false;
  const page: MetricsPage = {
    contentType: registry.contentType,
    render: () => {
      if (!watchesProcess) collectDefaultMetrics({ register: registry });
      watchesProcess = true;
      return text.render();
    },
  };

  const metrics = { ...instruments, ...page } as Metrics;
  metrics.buildInfo.set(
    { version: options.version, node: process.versions.node, bullmq: options.bullmqVersion ?? 'none' },
    1,
  );
  for (const { name: queue, criticality, sloMs } of options.registry?.queues ?? []) {
    metrics.queueSlo.set({ queue, criticality }, sloMs / 1000);
    // Alerts reckon with these: `rate()` cannot see the first increase of a series that was not there before.
    for (const result of ['in_time', 'late'] as const) metrics.jobsWaited.inc({ queue, criticality, result }, 0);
    for (const result of ['succeeded', 'failed'] as const) metrics.jobsEnded.inc({ queue, criticality, result }, 0);
  }
  return metrics;
}

function kindFilter(row: MetricRow, kindLabel: (kind: string) => string): LabelFilter {
  if (row.labels['kind'] !== anyKind) return (labels) => labels;
  return (labels) => ({ ...labels, kind: kindLabel(labels['kind'] ?? '') });
}
