import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';

interface ShowOptions {
  readonly queue?: string;
}

export function declareDlqShow(dlq: Command, act: Act): void {
  dlq
    .command('show')
    .summary('one dead letter, whole')
    .description('Shows a dead letter: why it died, every attempt that is kept, and its payload.')
    .argument('<id>', 'id in the dead-letter queue, as `dlq ls` shows it')
    .option('--queue <queue>', 'look only among the dead letters of this queue')
    .action(act(showLetter));
}

async function showLetter(cli: Cli, id: string, { queue }: ShowOptions): Promise<number> {
  const { findLetter } = await import('../jobs/find-job.js');
  const { renderLetter } = await import('../dlq/render-letter.js');
  const { letter } = await cli.withRedis((redis) => findLetter(redis, id, queue));
  cli.output.answer({ letter }, () => renderLetter(letter, cli.output.paint));
  return exitCodes.done;
}
