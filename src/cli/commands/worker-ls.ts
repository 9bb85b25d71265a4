import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

export function declareWorkerLs(worker: Command, act: Act): void {
  worker
    .command('ls')
    .summary('all workers and what they do')
    .description('Lists the workers of all hosts, in the order of their start.')
    .action(act(listWorkers));
}

async function listWorkers(cli: Cli): Promise<number> {
  const { readWorkers } = await import('../status/read-workers.js');
  const { renderWorkers } = await import('../status/render-workers.js');
  const settings = await cli.settings();
  const { deadAfterMs } = settings.values.supervisor;
  const workers = await cli.withRedis((redis) => readWorkers(redis, Date.now(), deadAfterMs), settings);
  cli.output.answer({ workers }, () =>
    workers.length === 0 ? 'no workers: jobs wait until one runs' : renderWorkers(workers, cli.output.paint),
  );
  return exitCodes.done;
}
