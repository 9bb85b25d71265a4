import type { Logger } from 'pino';
import { Board, boardPath } from '../../board/board.js';
import type { ResolvedOptions } from '../../config/option-types.js';
import { Supervisor } from '../../supervisor/supervisor.js';
import { createSupervisorMetrics } from '../../supervisor/supervisor-metrics.js';
import { systemClock } from '../../time/clock.js';
import type { PoolProcess } from './run-until-stopped.js';
import { createWindow } from './window.js';

/** A supervisor with its window, as a process of its own. */
export function createSupervisorProcess(options: ResolvedOptions, log: Logger, takesOver = false): PoolProcess {
  const { redis, job, deadLetter, supervisor: supervisorOptions } = options;
  const metrics = createSupervisorMetrics(supervisorOptions);
  const supervisor = new Supervisor({ redis, job, deadLetter, supervisor: supervisorOptions, log, metrics });
  const { boardToken: token, boardPayloads: payloads } = supervisorOptions;
  const board = new Board({ redis, token, payloads, clock: systemClock, log });
  const window = createWindow(options.http, {
    metrics,
    checks: supervisor.healthChecks,
    routes: supervisor.routes,
    mounts: { [boardPath]: board.answer },
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
      await board.stop();
    },
  };
}
