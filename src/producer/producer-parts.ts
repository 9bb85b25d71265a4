import type { Logger } from 'pino';
import type { ResolvedJobLimitOptions, ResolvedProducerOptions, ResolvedRedisOptions } from '../config/option-types.js';
import type { Metrics } from '../telemetry/metrics.js';

/** What a producer is made of. */
export interface ProducerParts {
  readonly redis: ResolvedRedisOptions;
  readonly producer: ResolvedProducerOptions;
  readonly job: ResolvedJobLimitOptions;
  readonly log: Logger;
  readonly metrics: Metrics;
}
