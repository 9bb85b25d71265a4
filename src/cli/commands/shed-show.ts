import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

export function declareShedShow(shed: Command, act: Act): void {
  shed
    .command('show')
    .summary('what gives way now, and why')
    .description(
      'Shows what gives way under overload: which part of each class, which queues are shut, what is set aside, and why.',
    )
    .action(act(showShed));
}

async function showShed(cli: Cli): Promise<number> {
  const { readShed } = await import('../shed/read-shed.js');
  const { renderShed } = await import('../shed/render-shed.js');
  const view = await cli.withRedis(readShed);
  cli.output.answer(view, () => renderShed(view, cli.output.paint));
  return exitCodes.done;
}
