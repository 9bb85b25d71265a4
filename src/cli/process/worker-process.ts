import type { Logger } from 'pino';
import type { ResolvedOptions } from '../../config/option-types.js';
import { KindRegistry } from '../../job/registry.js';
import { createMetrics } from '../../telemetry/metrics.js';
import { bulwarkVersion } from '../../telemetry/version.js';
import { bullmqVersion } from '../../transport/bullmq-version.js';
import type { RunAlone } from '../../worker/lane.js';
import { Worker } from '../../worker/worker.js';
import { loadJobs } from '../load-jobs.js';
import type { PoolProcess, ProcessHost } from './run-until-stopped.js';
import type { SuspectRole } from './suspect-role.js';
import { createWindow } from './window.js';

/** What a worker process is there for, beside taking jobs. */
export interface WorkerRole {
  /** Runs suspects in processes of their own. */
  readonly runAlone?: RunAlone;
  /** The one job it is there for, and the name it goes by. */
  readonly suspect?: SuspectRole;
  /** Whether another process has its port, and lets go of it as soon as this one is ready. */
  readonly takesOver?: boolean | undefined;
}

/**
 * A worker with its window, as a process of its own.
 *
 * @throws DefinitionError when the definitions of jobs cannot be loaded.
 */
export async function createWorkerProcess(
  options: ResolvedOptions,
  log: Logger,
  { runAlone, suspect, takesOver = false }: WorkerRole,
): Promise<PoolProcess> {
  const registry = new KindRegistry(await loadJobs(options.worker.jobs));
  const metrics = createMetrics({ role: 'worker', version: bulwarkVersion, bullmqVersion, registry });
  const { redis, job, worker: workerOptions } = options;
  let host: ProcessHost | undefined;
  const worker = new Worker({
    redis,
    job,
    worker: workerOptions,
    registry,
    log,
    metrics,
    ownsProcess: true,
    onRetire: (retirement) => host?.onRetire(retirement),
    ...(runAlone && { runAlone }),
    ...(suspect && { suspect, id: suspect.as }),
  });
  const window = createWindow(options.http, { metrics, checks: worker.healthChecks, log, takesOver });
  return {
    async start(processHost) {
      host = processHost;
      // The window first: a port that is taken must be known before a job is.
      const http = await window.open();
      await worker.start();
      const kinds = registry.jobs.map(({ kind, queue }) => ({ kind, queue: queue.name }));
      return { role: 'worker', id: worker.id, pid: process.pid, http, kinds };
    },
    retire: () => worker.retire('fewer workers are needed'),
    async stop(how) {
      window.drain(how);
      await worker.stop();
      await window.close();
    },
  };
}
