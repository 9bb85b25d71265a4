import type { Cli } from '../cli.js';
import { StopRequest } from '../process/stop-request.js';
import { childPrograms, mostWorkers, poolPorts } from './child-programs.js';
import type { PoolReports } from './keeper.js';
import { createKeeperOutput } from './keeper-output.js';
import { probePorts } from './probe-ports.js';
import { runPool } from './run-pool.js';

export interface KeptWorkersOptions {
  readonly processes?: string;
  readonly min?: string;
  readonly max?: string;
  readonly jobs?: string[];
  readonly concurrency?: string;
  readonly httpPort?: string;
}

/** Keeps some workers alive on a Redis that others look after, until it is asked to stop. Answers the exit code. */
export async function runWorkers(
  cli: Cli,
  { processes, min, max, jobs, concurrency, httpPort }: KeptWorkersOptions,
): Promise<number> {
  const stop = new StopRequest({ kept: false, reloads: true });
  const { output, globals } = cli;
  const { values } = await cli.settings({
    pool: { workers: processes, minWorkers: min, maxWorkers: max },
    worker: { jobs, concurrency },
    http: { port: httpPort },
  });
  const workers = mostWorkers(values.pool);
  const ports = poolPorts(workers, values.http.port);
  if (values.http.enabled) await probePorts(values.http.host, ports);
  const { lines, log, terminal } = createKeeperOutput(values.log, output.json);
  const programs = childPrograms({
    supervised: false,
    workers,
    ports,
    redisUrl: values.redis.url,
    terminal,
    globals,
    ...(jobs && { jobs }),
    ...(concurrency !== undefined && { concurrency }),
  });
  const show = (reports: PoolReports): void => {
    log.info({ workers: reports.workers.length }, 'pool.ready');
    output.document({ workers: reports.workers.map((report) => report ?? null) });
  };
  try {
    return await runPool({ options: values, programs, show, stop, output, lines, log });
  } finally {
    log.info('pool.stopped');
  }
}
