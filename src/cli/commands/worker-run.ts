import { type Command, Option } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { parseSuspectRole, type SuspectRole } from '../process/suspect-role.js';
import type { WorkerRole } from '../process/worker-process.js';

interface WorkerRunOptions {
  readonly jobs?: string[];
  readonly concurrency?: string;
  readonly httpPort?: string;
  readonly kept?: true;
  readonly suspect?: SuspectRole;
}

export function declareWorkerRun(worker: Command, act: Act): void {
  worker
    .command('run')
    .summary('run one worker')
    .description(
      'Runs one worker until it is told to stop. SIGTERM or Ctrl-C drains it: it takes no more jobs, finishes what it runs, ' +
        'gives back what does not end in time, and exits with 0. A second signal ends it at once.',
    )
    .option(
      '--jobs <path...>',
      'files or folders with compiled definitions of jobs (worker.jobs); default: the kinds that ship',
    )
    .option('--concurrency <n>', 'how many jobs of one queue run at the same time (worker.concurrency)')
    .option('--http-port <port>', 'port of /metrics, /livez and /readyz, 0 for any free one (http.port)')
    .addOption(new Option('--kept').hideHelp())
    .addOption(new Option('--suspect <json>').argParser(parseSuspectRole).hideHelp())
    .action(act(runWorker));
}

async function runWorker(cli: Cli, options: WorkerRunOptions): Promise<number> {
  const { createProcessLogger } = await import('../process/process-logger.js');
  const { createWorkerProcess } = await import('../process/worker-process.js');
  const { runUntilStopped } = await import('../process/run-until-stopped.js');
  const { createRunAlone } = await import('../process/run-alone.js');
  const { output, globals } = cli;
  const { jobs, concurrency, httpPort, kept, suspect } = options;
  const { values } = await cli.settings({ worker: { jobs, concurrency }, http: { port: httpPort } });
  const log = createProcessLogger(values.log, 'worker', output.json);
  const role: WorkerRole =
    suspect === undefined
      ? {
          runAlone: createRunAlone({ redisUrl: values.redis.url, globals, jobs, killGraceMs: values.pool.killGraceMs }),
        }
      : { suspect };
  return runUntilStopped(await createWorkerProcess(values, log, role), {
    log,
    kept: kept === true,
    onReady: (report) => output.document(report),
  });
}
