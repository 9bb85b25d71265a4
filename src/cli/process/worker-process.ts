import type { Logger } from 'pino';
import type { ResolvedOptions } from '../../config/option-types.js';
import { KindRegistry } from '../../job/registry.js';
import { createMetrics } from '../../telemetry/metrics.js';
import { bulwarkVersion } from '../../telemetry/version.js';
import { bullmqVersion } from '../../transport/bullmq-version.js';
import type { RunAlone } from '../../worker/lane.js';
import type { Retirement } from '../../worker/retirement.js';
import { Worker } from '../../worker/worker.js';
import { loadJobs } from '../load-jobs.js';
import type { PoolProcess } from './run-until-stopped.js';
import type { SuspectRole } from './suspect-role.js';
import { createWindow } from './window.js';

/** What a worker process is there for, beside taking jobs. */
export interface WorkerRole {
  /** Runs suspects in processes of their own. */
  readonly runAlone?: RunAlone;
  readonly suspect?: SuspectRole;
}

/**
 * A worker with its window, as a process of its own.
 *
 * @throws DefinitionError when the definitions of jobs cannot be loaded.
 */
export async function createWorkerProcess(
  options: ResolvedOptions,
  log: Logger,
  { runAlone, suspect }: WorkerRole,
): Promise<PoolProcess> {
  const registry = new KindRegistry(await loadJobs(options.worker.jobs));
  const metrics = createMetrics({ role: 'worker', version: bulwarkVersion, bullmqVersion, registry });
  const { redis, job, worker: workerOptions } = options;
  let retire = (_: Retirement): void => undefined;
  const retired = new Promise<Retirement>((resolve) => {
    retire = resolve;
  });
  const worker = new Worker({
    redis,
    job,
    worker: workerOptions,
    registry,
    log,
    metrics,
    onRetire: (retirement) => retire(retirement),
    ...(runAlone && { runAlone }),
    ...(suspect && { suspect, id: suspect.as }),
  });
  const window = createWindow(options.http, { metrics, checks: worker.healthChecks, log });
  return {
    retired,
    async start() {
      // The window first: a port that is taken must be known before a job is.
      const http = await window.open();
      await worker.start();
      const kinds = registry.jobs.map(({ kind, queue }) => ({ kind, queue: queue.name }));
      return { role: 'worker', id: worker.id, pid: process.pid, http, kinds };
    },
    async stop() {
      window.drain();
      await worker.stop();
      await window.close();
    },
  };
}
