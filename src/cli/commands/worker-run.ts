import { type Command, Option } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { parseSuspectRole, type SuspectRole } from '../process/suspect-role.js';
import type { WorkerRole } from '../process/worker-process.js';

interface WorkerRunOptions {
  readonly jobs?: string[];
  readonly concurrency?: string;
  readonly httpPort?: string;
  readonly processes?: string;
  readonly min?: string;
  readonly max?: string;
  readonly kept?: true;
  readonly suspect?: SuspectRole;
  readonly terminal?: true;
  readonly takesOver?: true;
}

export function declareWorkerRun(worker: Command, act: Act): void {
  worker
    .command('run')
    .summary('run one worker, or several')
    .description(
      'Runs one worker until it is told to stop. SIGTERM or Ctrl-C drains it: it takes no more jobs, finishes what it runs, ' +
        'gives back what does not end in time, and exits with 0. A second signal ends it at once. With --processes a keeper runs ' +
        'several: it starts again what dies, and SIGHUP replaces each by a new one, one after the other, without a gap. With --max it ' +
        'runs as many as the leader finds needed; those that are too many end after their last job.',
    )
    .option(
      '--jobs <path...>',
      'files or folders with compiled definitions of jobs (worker.jobs); default: the kinds that ship',
    )
    .option('--concurrency <n>', 'how many jobs of one queue run at the same time (worker.concurrency)')
    .option(
      '--http-port <port>',
      'port of /metrics, /livez and /readyz; several processes have the next ones; 0 for any free ones (http.port)',
    )
    .option(
      '--processes <n>',
      'how many worker processes, under a keeper (pool.workers); default: one, without a keeper',
    )
    .option('--min <n>', 'how many processes at least, and at first, with --max (pool.minWorkers)')
    .option('--max <n>', 'follow what the leader wants, up to so many, under a keeper (pool.maxWorkers)')
    .addOption(new Option('--kept').hideHelp())
    .addOption(new Option('--suspect <json>').argParser(parseSuspectRole).hideHelp())
    .addOption(new Option('--terminal').hideHelp())
    .addOption(new Option('--takes-over').hideHelp())
    .action(act(runWorker));
}

async function runWorker(cli: Cli, given: WorkerRunOptions): Promise<number> {
  const { processes, min, max, ...flags } = given;
  if (processes !== undefined || max !== undefined) {
    const { runWorkers } = await import('../keeper/run-workers.js');
    return runWorkers(cli, given);
  }
  const { createProcessLogger } = await import('../process/process-logger.js');
  const { whileTracing } = await import('../process/process-tracing.js');
  const { createWorkerProcess } = await import('../process/worker-process.js');
  const { runUntilStopped } = await import('../process/run-until-stopped.js');
  const { createRunAlone } = await import('../keeper/run-alone.js');
  const { LineSink } = await import('../../telemetry/line-sink.js');
  const { output, globals } = cli;
  const { jobs, concurrency, httpPort, kept, suspect, terminal, takesOver } = flags;
  const { values } = await cli.settings({ worker: { jobs, concurrency }, http: { port: httpPort } });
  const log = createProcessLogger(values.log, 'worker', { json: output.json, terminal });
  const lane = () =>
    createRunAlone({
      redisUrl: values.redis.url,
      globals,
      jobs,
      terminal,
      killGraceMs: values.pool.killGraceMs,
      output: { stdout: new LineSink(output.json ? 2 : 1), stderr: new LineSink(2) },
      log,
    });
  const role: WorkerRole = suspect === undefined ? { runAlone: lane(), takesOver } : { suspect };
  return whileTracing('worker', log, async () =>
    runUntilStopped(await createWorkerProcess(values, log, role), {
      log,
      kept: kept === true,
      onReady: (report) => output.document(report),
    }),
  );
}
