import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

export function declareStatus(program: Command, act: Act): void {
  program
    .command('status')
    .summary('the pool at a glance: Redis, supervisor, workers, queues, breakers')
    .description(
      'Shows where Redis is, which supervisor leads, what every worker does, how many jobs are in each state of each queue, and ' +
        'which breakers are not closed. `bulwark top` shows it live.',
    )
    .action(act(showStatus));
}

async function showStatus(cli: Cli): Promise<number> {
  const { readStatus } = await import('../status/read-status.js');
  const { renderStatus } = await import('../status/render-status.js');
  const settings = await cli.settings();
  const { deadAfterMs } = settings.values.supervisor;
  const { output } = cli;
  const report = await cli.withRedis((redis) => readStatus(redis, Date.now(), deadAfterMs), settings);
  output.answer(report, () => renderStatus(report, output.paint));
  return exitCodes.done;
}
