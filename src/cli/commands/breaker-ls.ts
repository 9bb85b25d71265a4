import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

export function declareBreakerLs(breaker: Command, act: Act): void {
  breaker
    .command('ls')
    .summary('the breakers that have opened lately')
    .description(
      'Lists the breakers of the fleet: those that are not closed, and those that closed in the last ten minutes. A dependency that is not ' +
        'listed is called as usual.',
    )
    .action(act(listBreakers));
}

async function listBreakers(cli: Cli): Promise<number> {
  const { readBreakers } = await import('../breaker/read-breakers.js');
  const { renderBreakers } = await import('../breaker/render-breakers.js');
  const { output } = cli;
  const view = await cli.withRedis(readBreakers);
  output.answer(view, () =>
    view.breakers.length === 0 ? 'no breaker has opened lately' : renderBreakers(view, output.paint),
  );
  return exitCodes.done;
}
