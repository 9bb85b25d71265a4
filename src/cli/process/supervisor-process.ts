import type { Logger } from 'pino';
import type { ResolvedOptions } from '../../config/option-types.js';
import { Supervisor } from '../../supervisor/supervisor.js';
import { createSupervisorMetrics } from '../../supervisor/supervisor-metrics.js';
import type { PoolProcess } from './run-until-stopped.js';
import { createWindow } from './window.js';

/** A supervisor with its window, as a process of its own. */
export function createSupervisorProcess(options: ResolvedOptions, log: Logger, takesOver = false): PoolProcess {
  const { redis, job, deadLetter, supervisor: supervisorOptions } = options;
  const metrics = createSupervisorMetrics(supervisorOptions);
  const supervisor = new Supervisor({ redis, job, deadLetter, supervisor: supervisorOptions, log, metrics });
  const window = createWindow(options.http, {
    metrics,
    checks: supervisor.healthChecks,
    routes: supervisor.routes,
    log,
    takesOver,
  });
  return {
    async start() {
      const http = await window.open();
      await supervisor.start();
      return { role: 'supervisor', id: supervisor.id, pid: process.pid, http, kinds: [] };
    },
    async stop(how) {
      window.drain(how);
      await supervisor.stop();
      await window.close();
    },
  };
}
