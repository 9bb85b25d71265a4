import { type Command, Option } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';

interface SupervisorRunOptions {
  readonly httpPort?: string;
  readonly kept?: true;
  readonly terminal?: true;
  readonly takesOver?: true;
}

export function declareSupervisorRun(supervisor: Command, act: Act): void {
  supervisor
    .command('run')
    .summary('run one supervisor')
    .description(
      'Runs one supervisor until it is told to stop. Run two or more: one leads, the others stand by and take over when it ' +
        'falls silent. SIGTERM or Ctrl-C lets it resign and exit with 0.',
    )
    .option('--http-port <port>', 'port of /metrics, /livez and /readyz, 0 for any free one (http.port)')
    .addOption(new Option('--kept').hideHelp())
    .addOption(new Option('--terminal').hideHelp())
    .addOption(new Option('--takes-over').hideHelp())
    .action(act(runSupervisor));
}

async function runSupervisor(cli: Cli, { httpPort, kept, terminal, takesOver }: SupervisorRunOptions): Promise<number> {
  const { createProcessLogger } = await import('../process/process-logger.js');
  const { whileTracing } = await import('../process/process-tracing.js');
  const { createSupervisorProcess } = await import('../process/supervisor-process.js');
  const { runUntilStopped } = await import('../process/run-until-stopped.js');
  const { output } = cli;
  const { values } = await cli.settings({ http: { port: httpPort } });
  const log = createProcessLogger(values.log, 'supervisor', { json: output.json, terminal });
  return whileTracing('supervisor', log, () =>
    runUntilStopped(createSupervisorProcess(values, log, takesOver), {
      log,
      kept: kept === true,
      onReady: (report) => output.document(report),
    }),
  );
}
