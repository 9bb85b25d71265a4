import { fileURLToPath } from 'node:url';
import { type Environment, processEnvironment } from '../../config/env.js';
import type { ResolvedOptions } from '../../config/option-types.js';
import type { GlobalOptions } from '../global-options.js';
import { UsageError } from '../usage-error.js';
import type { ChildProgram } from './forked-child.js';

export interface PoolPlan {
  /** Whether a supervisor belongs to it. */
  readonly supervised: boolean;
  readonly workers: number;
  /** As `poolPorts` gives them out. */
  readonly ports: readonly number[];
  readonly redisUrl: string;
  /** Whether what the processes write is shown on a terminal. They cannot see that: it passes through the keeper. */
  readonly terminal: boolean;
  /** Flags of the keeper that are for its children as they are. */
  readonly globals: GlobalOptions;
  readonly jobs?: readonly string[];
  readonly concurrency?: string;
}

/** The programs of a pool's processes. */
export interface PoolPrograms {
  readonly supervisor: ChildProgram | undefined;
  readonly workers: readonly ChildProgram[];
}

const highestPort = 65_535;

/** How many workers a keeper may ever run: each has its port from the start. */
export function mostWorkers({ workers, maxWorkers }: Pick<ResolvedOptions['pool'], 'workers' | 'maxWorkers'>): number {
  return maxWorkers === false ? workers : maxWorkers;
}

/**
 * The ports of a pool, one for each process from the first one up: that of the supervisor, where there is one, then those of
 * the workers. Empty when each takes any free one.
 *
 * @throws UsageError when there are not enough ports above the first one.
 */
export function poolPorts(processes: number, httpPort: number): number[] {
  if (httpPort === 0) return [];
  const last = httpPort + processes - 1;
  if (last <= highestPort) return Array.from({ length: processes }, (_, index) => httpPort + index);
  throw new UsageError(
    `${processes} processes need the ports ${httpPort} to ${last}, and ${highestPort} is the last one; set BULWARK_HTTP_PORT or --http-port to a lower one`,
  );
}

const entry = fileURLToPath(new URL('../main.js', import.meta.url));
/**
 * What each process of a pool is started with: this command line again, as a supervisor and as workers. Pure but for `env`.
 *
 * The address of Redis goes by the environment, because everybody on the machine can read the arguments of a process and
 * there may be a password in it.
 */
export function childPrograms(plan: PoolPlan, env: Environment = processEnvironment()): PoolPrograms {
  const { supervised, workers, ports, globals, terminal, jobs, concurrency } = plan;
  const program = (args: readonly string[]): ChildProgram => ({
    module: entry,
    args: [
      ...args,
      '--kept',
      ...(terminal ? ['--terminal'] : []),
      ...flag('--namespace', globals.namespace),
      ...flag('--config', globals.config),
    ],
    env: { ...env, BULWARK_REDIS_URL: plan.redisUrl },
  });
  const port = (index: number) => flag('--http-port', String(ports[index] ?? 0));
  return {
    supervisor: supervised ? program(['supervisor', 'run', ...port(0)]) : undefined,
    workers: Array.from({ length: workers }, (_, index) =>
      program([
        'worker',
        'run',
        ...port(supervised ? index + 1 : index),
        ...flag('--concurrency', concurrency),
        ...flag('--jobs', ...(jobs ?? [])),
      ]),
    ),
  };
}

function flag(name: string, ...values: readonly (string | undefined)[]): string[] {
  const given = values.filter((value) => value !== undefined);
  return given.length === 0 ? [] : [name, ...given];
}
