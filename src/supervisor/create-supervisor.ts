import type { Logger } from 'pino';
import { aLogger, aRedisInput, assertCreationOptions, someMetrics } from '../config/assert-creation-options.js';
import type { DeadLetterOptions, JobLimitOptions, SupervisorOptions } from '../config/option-types.js';
import { type RedisInput, resolveRedisInput } from '../config/redis-input.js';
import { resolveSection } from '../config/resolve.js';
import { anObject, type OptionShapes } from '../errors/option-faults.js';
import { createLogger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import { Supervisor } from './supervisor.js';
import { createSupervisorMetrics } from './supervisor-metrics.js';

export interface CreateSupervisorOptions {
  /** Where Redis is. Default: redis://127.0.0.1:6379. */
  readonly redis?: RedisInput;
  readonly supervisor?: SupervisorOptions;
  /** Bounds of stored errors. Give every process the same. */
  readonly job?: JobLimitOptions;
  /** How long dead letters are kept. */
  readonly deadLetter?: DeadLetterOptions;
  /** Default: JSON lines on standard output, pretty on a terminal. */
  readonly log?: Logger;
  readonly metrics?: Metrics;
}

const optionShapes: OptionShapes<CreateSupervisorOptions> = {
  redis: aRedisInput,
  supervisor: anObject,
  job: anObject,
  deadLetter: anObject,
  log: aLogger,
  metrics: someMetrics,
};

/**
 * Makes a supervisor; `start` connects it and stands for the lead. Run two or more: one leads, the others stand by.
 *
 * @throws ConfigError when an option is unknown or breaks its rule.
 */
export function createSupervisor(options: CreateSupervisorOptions = {}): Supervisor {
  assertCreationOptions('createSupervisor', options, optionShapes);
  const supervisor = resolveSection('supervisor', options.supervisor);
  return new Supervisor({
    redis: resolveRedisInput(options.redis),
    supervisor,
    job: resolveSection('job', options.job),
    deadLetter: resolveSection('deadLetter', options.deadLetter),
    log: options.log ?? createLogger({ level: 'info', format: 'auto', role: 'supervisor' }),
    metrics: options.metrics ?? createSupervisorMetrics(supervisor),
  });
}
