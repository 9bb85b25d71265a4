import type { Logger } from 'pino';
import type { ResolvedOptions } from '../../config/option-types.js';
import { KindRegistry } from '../../job/registry.js';
import { createMetrics } from '../../telemetry/metrics.js';
import { bulwarkVersion } from '../../telemetry/version.js';
import { bullmqVersion } from '../../transport/bullmq-version.js';
import { Worker } from '../../worker/worker.js';
import { loadJobs } from '../load-jobs.js';
import type { PoolProcess } from './run-until-stopped.js';
import { createWindow } from './window.js';

/**
 * A worker with its window, as a process of its own.
 *
 * @throws DefinitionError when the definitions of jobs cannot be loaded.
 */
export async function createWorkerProcess(
  options: ResolvedOptions,
  log: Logger,
  takesOver = false,
): Promise<PoolProcess> {
  const registry = new KindRegistry(await loadJobs(options.worker.jobs));
  const metrics = createMetrics({ role: 'worker', version: bulwarkVersion, bullmqVersion, registry });
  const { redis, job, worker: workerOptions } = options;
  const worker = new Worker({ redis, job, worker: workerOptions, registry, log, metrics });
  const window = createWindow(options.http, { metrics, checks: worker.healthChecks, log, takesOver });
  return {
    async start() {
      // The window first: a port that is taken must be known before a job is.
      const http = await window.open();
      await worker.start();
      const kinds = registry.jobs.map(({ kind, queue }) => ({ kind, queue: queue.name }));
      return { role: 'worker', id: worker.id, pid: process.pid, http, kinds };
    },
    async stop(how) {
      window.drain(how);
      await worker.stop();
      await window.close();
    },
  };
}
