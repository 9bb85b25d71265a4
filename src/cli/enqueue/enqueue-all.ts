import type { ResolvedOptions } from '../../config/option-types.js';
import type { AnyJobDefinition } from '../../job/define-job.js';
import { createProducer } from '../../producer/create-producer.js';
import type { EnqueueOptions } from '../../producer/enqueue-options.js';
import type { EnqueuedJob } from '../../producer/producer.js';
import { createLogger } from '../../telemetry/logger.js';
import type { Output } from '../output.js';
import { startProgress } from './progress-bar.js';

/** How often the progress moves; the producer makes its own, smaller batches of it. */
const chunkSize = 1_000;

/**
 * Enqueues payloads that were checked, with a producer of its own.
 *
 * @throws RedisUnavailableError when Redis cannot be reached or gives no answer. The output says then how many were written.
 */
export async function enqueueAll(
  { redis, producer: producerOptions, job: limits }: ResolvedOptions,
  output: Output,
  job: AnyJobDefinition,
  payloads: readonly unknown[],
  options: EnqueueOptions,
): Promise<EnqueuedJob[]> {
  // What goes wrong is thrown, and the command says it once.
  const log = createLogger({ level: 'silent', format: 'json', role: 'cli' });
  const producer = createProducer({ redis, producer: producerOptions, job: limits, log });
  const enqueued: EnqueuedJob[] = [];
  const progress = payloads.length > chunkSize ? startProgress(output, 'enqueuing', payloads.length) : undefined;
  try {
    for (let from = 0; from < payloads.length; from += chunkSize) {
      const chunk = payloads.slice(from, from + chunkSize) as never[];
      enqueued.push(...(await producer.enqueueMany(job, chunk, options)));
      progress?.update(enqueued.length);
    }
    return enqueued;
  } finally {
    progress?.end();
    const cutShort = enqueued.length > 0 && enqueued.length < payloads.length;
    if (cutShort) output.say(`enqueued ${enqueued.length} of ${payloads.length} jobs, then:`);
    await producer.close();
  }
}
