import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { wholeNumber } from '../option-parsers.js';

interface RedriveOptions {
  readonly all?: true;
  readonly limit?: number;
  readonly dryRun?: true;
}

export function declareDlqRedrive(dlq: Command, act: Act): void {
  dlq
    .command('redrive')
    .summary('put dead letters back into their queue')
    .description(
      'Puts dead letters back into their queue, the oldest first, under the ids they had. Their attempts begin anew; their history stays.',
    )
    .argument('<queue>', 'the queue they died in')
    .argument('[id...]', 'ids in the dead-letter queue, as `dlq ls` shows them')
    .option('--all', 'all dead letters of the queue')
    .option('--limit <n>', 'the n oldest', wholeNumber(1, 1_000_000))
    .option('--dry-run', 'say what would be put back, and change nothing')
    .action(act(redriveLetters));
}

async function redriveLetters(cli: Cli, name: string, ids: string[], options: RedriveOptions): Promise<number> {
  const { selectLetters } = await import('../dlq/select-letters.js');
  const { changeLetters, renderChanges } = await import('../dlq/change-letters.js');
  return cli.withRedis(async (redis) => {
    const queue = await redis.requireQueue(name);
    const letters = redis.deadLetters(queue);
    const selected = await selectLetters(letters, { ids, ...options });
    const changes = await changeLetters(selected, async (deadId) => {
      const letter = await letters.get(deadId);
      if (!letter) return 'not_found';
      if (!options.dryRun) return letters.redrive(letter);
      return (await redis.client.exists(redis.keyspace.queue(queue, letter.id))) === 1 ? 'id_taken' : 'redriven';
    });
    const { redriven = [], not_found = [], id_taken = [] } = changes;
    cli.output.answer(
      { queue, redriven, notFound: not_found, idTaken: id_taken, dryRun: options.dryRun === true },
      () =>
        renderChanges([
          [redriven, options.dryRun ? `would go back into ${queue}` : `put back into ${queue}`],
          [not_found, `unknown among those of ${queue}`],
          [id_taken, 'left where it is: a job with its id is in the queue'],
        ]),
    );
    return not_found.length + id_taken.length > 0 ? exitCodes.problem : exitCodes.done;
  });
}
