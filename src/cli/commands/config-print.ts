import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

export function declareConfigPrint(config: Command, act: Act): void {
  config
    .command('print')
    .summary('every option, its value and where that comes from')
    .description(
      'Prints every option with its value and its source: default, file, environment, or flag. Passwords are masked. ' +
        'docs/reference/config.md says what each option means.',
    )
    .action(act(printConfig));
}

async function printConfig(cli: Cli): Promise<number> {
  const { configRows } = await import('../../config/rows.js');
  const { renderTable } = await import('../table.js');
  const settings = await cli.settings();
  const rows = configRows(settings).map((row) =>
    row.name === 'redis.url' && settings.poolServer
      ? { ...row, source: `the pool that runs in ${settings.poolServer.dataDir}` }
      : row,
  );
  cli.output.answer({ options: rows }, () =>
    renderTable(
      [
        { title: 'OPTION', value: ({ name }) => name },
        { title: 'VALUE', value: ({ value }) => value },
        { title: 'SOURCE', value: ({ source }) => source },
        { title: 'VARIABLE', value: ({ env }) => env },
      ],
      rows,
      cli.output.paint,
    ),
  );
  return exitCodes.done;
}
