import type { ResolvedSupervisorOptions } from '../config/option-types.js';
import { deadLetterQueue } from '../redis/keyspace.js';
import { createMetrics, type Metrics } from '../telemetry/metrics.js';
import { bulwarkVersion } from '../telemetry/version.js';
import { bullmqVersion } from '../transport/bullmq-version.js';

/** The metrics of a supervisor, as its options want them. */
export function createSupervisorMetrics({ bullmqMetrics }: Pick<ResolvedSupervisorOptions, 'bullmqMetrics'>): Metrics {
  return createMetrics({
    role: 'supervisor',
    version: bulwarkVersion,
    bullmqVersion,
    ...(bullmqMetrics && { bullmqAlias: { deadLetterQueue } }),
  });
}
