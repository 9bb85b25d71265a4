import type { Command } from 'commander';
import { maskUrl } from '../../config/mask-url.js';
import type { OptionSources } from '../../config/resolve.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import type { GlobalOptions } from '../global-options.js';
import type { PoolReports } from '../keeper/keeper.js';
import { isRedisGiven } from '../redis-given.js';

interface UpOptions {
  readonly workers?: string;
  readonly min?: string;
  readonly max?: string;
  readonly httpPort?: string;
  readonly dataDir?: string;
  readonly jobs?: string[];
  readonly concurrency?: string;
}

export function declareUp(program: Command, act: Act): void {
  program
    .command('up')
    .summary('a whole pool in this folder: Redis if needed, a supervisor, workers')
    .description(
      'Runs a whole pool until it is told to stop. Redis is the one that --redis, BULWARK_REDIS_URL or REDIS_URL names, or the ' +
        'master of BULWARK_REDIS_SENTINELS, else a private one from redis-server or valkey-server on the PATH, which keeps its ' +
        'jobs under the data folder, else an embedded stand-in. A process that dies is started again. SIGTERM or Ctrl-C drains ' +
        'the workers; a second one ends everything at once. SIGHUP replaces every process by a new one, one after the other, ' +
        'without a gap; when the terminal is closed, it drains. With --max it runs as many workers as the leader finds needed; those ' +
        'that are too many end after their last job.',
    )
    .option('--workers <n>', 'how many worker processes (pool.workers)')
    .option('--min <n>', 'how many at least, and at first, with --max (pool.minWorkers)')
    .option('--max <n>', 'follow what the leader wants, up to so many (pool.maxWorkers)')
    .option(
      '--http-port <port>',
      'port of the supervisor; the workers have the next ones; 0 for any free ones (http.port)',
    )
    .option('--data-dir <folder>', 'where a private Redis keeps its data (pool.dataDir)')
    .option(
      '--jobs <path...>',
      'files or folders with compiled definitions of jobs (worker.jobs); default: the kinds that ship',
    )
    .option('--concurrency <n>', 'how many jobs of one queue a worker runs at the same time (worker.concurrency)')
    .action(act(keepPool));
}

async function keepPool(
  cli: Cli,
  { workers, min, max, httpPort, dataDir, jobs, concurrency }: UpOptions,
): Promise<number> {
  const { StopRequest } = await import('../process/stop-request.js');
  const stop = new StopRequest({ kept: false, reloads: true });
  const { acquireServer } = await import('../../redis/server/acquire-server.js');
  const { childPrograms, mostWorkers, poolPorts } = await import('../keeper/child-programs.js');
  const { createKeeperOutput } = await import('../keeper/keeper-output.js');
  const { probePorts } = await import('../keeper/probe-ports.js');
  const { runPool } = await import('../keeper/run-pool.js');
  const { welcomeText } = await import('../keeper/welcome.js');

  const { values, sources } = await cli.given({
    pool: { workers, minWorkers: min, maxWorkers: max, dataDir },
    http: { port: httpPort },
    worker: { jobs, concurrency },
  });
  const most = mostWorkers(values.pool);
  const ports = poolPorts(1 + most, values.http.port);
  if (values.http.enabled) await probePorts(values.http.host, ports);
  const { output, globals } = cli;
  const { lines, log, terminal } = createKeeperOutput(values.log, output.json);
  const given = isRedisGiven(sources);
  const server = await acquireServer({ ...(given && { redis: values.redis }), dataDir: values.pool.dataDir, log });
  try {
    if (server.warning) output.say(`\n${server.warning}\n`);
    const programs = childPrograms({
      supervised: true,
      workers: most,
      ports,
      redisUrl: server.url,
      globals,
      terminal,
      ...(jobs && { jobs }),
      ...(concurrency !== undefined && { concurrency }),
    });
    const reach = reachOf(sources, server.url, globals);
    const options = { ...values, redis: { ...values.redis, url: server.url } };
    const show = (reports: PoolReports): void => {
      if (!output.json) output.say(welcomeText({ redis: server, reports, reach }));
      output.document({
        redis: { kind: server.kind, url: maskUrl(server.url), description: server.description },
        supervisor: reports.supervisor ?? null,
        workers: reports.workers.map((report) => report ?? null),
      });
    };
    return await runPool({ options, programs, show, stop, output, lines, log });
  } finally {
    await server.stop();
    log.info('pool.stopped');
  }
}

/** What was said by flags, the commands in another terminal must be told, too. */
function reachOf(sources: OptionSources, url: string, { namespace, config }: GlobalOptions): string[] {
  const { redis, pool } = sources;
  const elsewhere = redis.url.source === 'code' || (!isRedisGiven(sources) && pool.dataDir.source === 'code');
  return [
    ...(elsewhere ? ['--redis', maskUrl(url)] : []),
    ...(namespace === undefined ? [] : ['--namespace', namespace]),
    ...(config === undefined ? [] : ['--config', config]),
  ];
}
