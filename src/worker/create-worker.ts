import type { Logger } from 'pino';
import { aLogger, aRedisInput, assertCreationOptions, someMetrics } from '../config/assert-creation-options.js';
import type { JobLimitOptions, WorkerOptions } from '../config/option-types.js';
import { type RedisInput, resolveRedisInput } from '../config/redis-input.js';
import { resolveSection } from '../config/resolve.js';
import { aFunction, aList, anObject, type OptionShapes } from '../errors/option-faults.js';
import type { AnyJobDefinition } from '../job/define-job.js';
import { DefinitionError } from '../job/definition-error.js';
import { KindRegistry } from '../job/registry.js';
import { createLogger } from '../telemetry/logger.js';
import { createMetrics, type Metrics } from '../telemetry/metrics.js';
import { bulwarkVersion } from '../telemetry/version.js';
import { bullmqVersion } from '../transport/bullmq-version.js';
import type { Retirement } from './retirement.js';
import { Worker } from './worker.js';

export interface CreateWorkerOptions {
  /** Where Redis is. Default: redis://127.0.0.1:6379. */
  readonly redis?: RedisInput;
  /** The kinds this worker runs. Their queues are the ones it takes jobs from. */
  readonly jobs: readonly AnyJobDefinition[];
  readonly worker?: WorkerOptions;
  /** Bounds of payloads, results and errors. Give every process the same. */
  readonly job?: JobLimitOptions;
  /** Default: JSON lines on standard output, pretty on a terminal. */
  readonly log?: Logger;
  readonly metrics?: Metrics;
  /**
   * Told that this worker is to end: an operator asked for it, a handler that hangs can be ended no other way, or it gets no
   * work although Redis can be reached. Whoever made the worker
   * stops it and, to replace it, lets the process end so that another is started. Default: a worker that is to drain stops; one that is
   * to be replaced says so in the log and goes on.
   */
  readonly onRetire?: (retirement: Retirement) => void;
}

const optionShapes: OptionShapes<CreateWorkerOptions> = {
  redis: aRedisInput,
  jobs: aList,
  worker: anObject,
  job: anObject,
  log: aLogger,
  metrics: someMetrics,
  onRetire: aFunction,
};

/**
 * Makes a worker; `start` connects it and begins to take jobs, `stop` drains it.
 *
 * @throws ConfigError when an option is unknown or breaks its rule; DefinitionError when there is no job or two share a kind.
 */
export function createWorker(options: CreateWorkerOptions): Worker {
  assertCreationOptions('createWorker', options, optionShapes);
  const registry = new KindRegistry(options.jobs ?? []);
  if (registry.jobs.length === 0)
    throw new DefinitionError('a worker needs at least one kind of job; give some in jobs: […]');
  return new Worker({
    redis: resolveRedisInput(options.redis),
    worker: resolveSection('worker', options.worker),
    job: resolveSection('job', options.job),
    registry,
    log: options.log ?? createLogger({ level: 'info', format: 'auto', role: 'worker' }),
    metrics: options.metrics ?? createMetrics({ role: 'worker', version: bulwarkVersion, bullmqVersion, registry }),
    ...(options.onRetire && { onRetire: options.onRetire }),
  });
}
