import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { UsageError } from '../usage-error.js';

interface StatusOptions {
  readonly watch?: true;
}

export function declareStatus(program: Command, act: Act): void {
  program
    .command('status')
    .summary('the pool at a glance: Redis, supervisor, workers, queues, breakers')
    .description(
      'Shows where Redis is, which supervisor leads, what every worker does how many jobs are in each state of each queue, and ' +
        'which breakers are not closed.',
    )
    .option('--watch', 'show it again every second, until Ctrl-C')
    .action(act(showStatus));
}

async function showStatus(cli: Cli, { watch }: StatusOptions): Promise<number> {
  const { readStatus } = await import('../status/read-status.js');
  const { renderStatus } = await import('../status/render-status.js');
  const settings = await cli.settings();
  const { deadAfterMs } = settings.values.supervisor;
  const { output } = cli;
  if (watch && output.json)
    throw new UsageError('--watch shows many states and --json writes one document: give one of them');
  await cli.withRedis(async (redis) => {
    const read = () => readStatus(redis, Date.now(), deadAfterMs);
    if (watch) {
      const { watchRepeatedly } = await import('../status/watch.js');
      await watchRepeatedly(async () => renderStatus(await read(), output.paint));
    } else {
      const report = await read();
      output.answer(report, () => renderStatus(report, output.paint));
    }
  }, settings);
  return exitCodes.done;
}
