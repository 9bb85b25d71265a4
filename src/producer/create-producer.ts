import type { Logger } from 'pino';
import { aLogger, aRedisInput, assertCreationOptions, someMetrics } from '../config/assert-creation-options.js';
import type { JobLimitOptions, ProducerOptions } from '../config/option-types.js';
import { type RedisInput, resolveRedisInput } from '../config/redis-input.js';
import { resolveSection } from '../config/resolve.js';
import { anObject, type OptionShapes } from '../errors/option-faults.js';
import { createLogger } from '../telemetry/logger.js';
import { createMetrics, type Metrics } from '../telemetry/metrics.js';
import { bulwarkVersion } from '../telemetry/version.js';
import { bullmqVersion } from '../transport/bullmq-version.js';
import { Producer } from './producer.js';

export interface CreateProducerOptions {
  /** Where Redis is. Default: redis://127.0.0.1:6379. */
  readonly redis?: RedisInput;
  readonly producer?: ProducerOptions;
  /** Bounds of payloads. Give every process the same. */
  readonly job?: JobLimitOptions;
  /** Default: warnings and errors as JSON lines on standard output, pretty on a terminal. */
  readonly log?: Logger;
  readonly metrics?: Metrics;
}

const optionShapes: OptionShapes<CreateProducerOptions> = {
  redis: aRedisInput,
  producer: anObject,
  job: anObject,
  log: aLogger,
  metrics: someMetrics,
};

/**
 * Makes a producer. It connects when first used.
 *
 * @throws ConfigError when an option is unknown or breaks its rule.
 */
export function createProducer(options: CreateProducerOptions = {}): Producer {
  assertCreationOptions('createProducer', options, optionShapes);
  return new Producer({
    redis: resolveRedisInput(options.redis),
    producer: resolveSection('producer', options.producer),
    job: resolveSection('job', options.job),
    log: options.log ?? createLogger({ level: 'warn', format: 'auto', role: 'producer' }),
    metrics: options.metrics ?? createMetrics({ role: 'producer', version: bulwarkVersion, bullmqVersion }),
  });
}
