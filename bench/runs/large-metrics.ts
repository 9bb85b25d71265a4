import { randomBytes } from 'node:crypto';
import { criticalities } from '../../src/job/criticality.js';
import { anyKind, type LabelRule, type MetricRow, metricTable } from '../../src/telemetry/metric-table.js';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.js';
import type { Role } from '../../src/telemetry/role.js';

/** How large a pool is. */
export interface PoolSize {
  readonly queues: number;
  readonly kinds: number;
  /** Whether a trace was met in every bucket of each series that names traces; without it nobody traces. */
  readonly traced?: boolean;
}

type Labels = Readonly<Record<string, string>>;
type AnyInstrument = Record<'inc' | 'set' | 'observe', (...args: unknown[]) => void>;

/** What open labels hold that stand on their own: breakers, groups, services. */
const othersPerLabel = 10;

/**
 * The metrics of one process of a large pool on a bad day: its jobs have ended in every way, and each queue has met three of the reasons
 * for which jobs are refused, shed or dead-lettered. A kind lives in one queue; the queues beyond those have no kinds here, and are counted
 * all the same.
 */
export function largeMetrics(role: Role, { queues, kinds, traced = false }: PoolSize): Metrics {
  const names = Array.from({ length: kinds }, (_, n) => `kind-of-job-${n}`);
  const metrics = createMetrics({
    role,
    version: '1.0.0',
    registry: { kinds: names, queues: [] },
    exemplars: traced,
  });
  for (const [name, row] of Object.entries(metricTable) as [keyof Metrics, MetricRow][]) {
    // A process has one build.
    if (!row.by.includes(role) || name === 'buildInfo') continue;
    const instrument = metrics[name] as unknown as AnyInstrument;
    for (const labels of seriesOf(row, queues, names)) {
      record(row, instrument, labels);
      if (traced && row.type === 'histogram' && row.exemplars) nameTraces(instrument, labels, row.buckets);
    }
  }
  return metrics;
}

/** More than the last edge of any histogram, in seconds. */
const beyondAll = 123_456;

/** An observation for each bucket, each of a trace of its own. */
function nameTraces(instrument: AnyInstrument, labels: Labels, buckets: readonly number[]): void {
  for (const edge of [...buckets, Number.POSITIVE_INFINITY])
    instrument.observe(labels, Math.min(edge, beyondAll) - 0.000_5, { trace_id: randomBytes(16).toString('hex') });
}

function record({ type, labels }: MetricRow, instrument: AnyInstrument, values: Labels): void {
  const args = Object.keys(labels).length > 0 ? [values] : [];
  if (type === 'histogram') instrument.observe(...args, 0.1234);
  else if (type === 'counter') instrument.inc(...args, 12_345);
  else instrument.set(...args, 12_345.678);
}

/** Every series of a metric: its homes, each with all the words that its other labels may hold. */
function seriesOf({ labels }: MetricRow, queues: number, kinds: readonly string[]): Labels[] {
  const home = homeOf(labels);
  const homes = home === 'none' ? 1 : home === 'queue' ? queues : kinds.length;
  return Array.from({ length: homes }, (_, n) => n).flatMap((n) =>
    Object.entries(labels).reduce<Labels[]>(
      (series, [label, rule]) => {
        const words = home === 'none' ? freeWords(label, rule) : wordsAt(n, label, rule, kinds);
        return series.flatMap((one) => words.map((word) => ({ ...one, [label]: word })));
      },
      [{}],
    ),
  );
}

function homeOf(labels: MetricRow['labels']): 'kind' | 'queue' | 'none' {
  if (labels['kind'] === anyKind) return 'kind';
  return 'queue' in labels ? 'queue' : 'none';
}

const reasonsMet = 3;

/** A queue has one class, and its jobs one kind and one dependency. */
function wordsAt(n: number, label: string, rule: LabelRule, kinds: readonly string[]): readonly string[] {
  if (label === 'kind') return [kinds[n % kinds.length] ?? ''];
  if (label === 'criticality') return [criticalities[n % criticalities.length] ?? ''];
  if (typeof rule === 'string') return [`name-of-${label}-${n}`];
  return label === 'reason' ? rule.slice(0, reasonsMet) : rule;
}

function freeWords(label: string, rule: LabelRule): readonly string[] {
  return typeof rule === 'string' ? Array.from({ length: othersPerLabel }, (_, n) => `${label}-${n}`) : rule;
}
