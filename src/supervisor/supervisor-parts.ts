import type { Logger } from 'pino';
import type {
  ResolvedDeadLetterOptions,
  ResolvedJobLimitOptions,
  ResolvedRedisOptions,
  ResolvedSupervisorOptions,
} from '../config/option-types.js';
import type { Metrics } from '../telemetry/metrics.js';

/** What a supervisor is made of. */
export interface SupervisorParts {
  readonly redis: ResolvedRedisOptions;
  readonly supervisor: ResolvedSupervisorOptions;
  readonly job: ResolvedJobLimitOptions;
  readonly deadLetter: ResolvedDeadLetterOptions;
  readonly log: Logger;
  readonly metrics: Metrics;
}
