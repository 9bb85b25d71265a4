import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { wholeNumber } from '../option-parsers.js';

interface PurgeOptions {
  readonly all?: true;
  readonly limit?: number;
  readonly yes?: true;
  readonly dryRun?: true;
}

export function declareDlqPurge(dlq: Command, act: Act): void {
  dlq
    .command('purge')
    .summary('delete dead letters for good')
    .description('Deletes dead letters with their payload and history. It cannot be undone, so it needs --yes.')
    .argument('<queue>', 'the queue they died in')
    .argument('[id...]', 'ids in the dead-letter queue, as `dlq ls` shows them')
    .option('--all', 'all dead letters of the queue')
    .option('--limit <n>', 'the n oldest', wholeNumber(1, 1_000_000))
    .option('--yes', 'yes, delete them')
    .option('--dry-run', 'say what would be deleted, and delete nothing')
    .action(act(purgeLetters));
}

async function purgeLetters(cli: Cli, name: string, ids: string[], options: PurgeOptions): Promise<number> {
  const { selectLetters } = await import('../dlq/select-letters.js');
  const { changeLetters, renderChanges } = await import('../dlq/change-letters.js');
  return cli.withRedis(async (redis) => {
    const queue = await redis.requireQueue(name);
    const letters = redis.deadLetters(queue);
    const selected = await selectLetters(letters, { ids, ...options });
    const refused = !options.dryRun && !options.yes;
    const keep = options.dryRun || refused;
    const changes = await changeLetters(selected, async (deadId) => {
      const there = keep ? (await letters.get(deadId)) !== undefined : await letters.purge(deadId);
      return there ? 'deleted' : 'not_found';
    });
    const { deleted = [], not_found = [] } = changes;
    cli.output.answer(
      keep
        ? { queue, deleted: [], wouldDelete: deleted, notFound: not_found, dryRun: options.dryRun === true, refused }
        : { queue, deleted, notFound: not_found, dryRun: false, refused },
      () =>
        renderChanges([
          [deleted, keep ? `would be deleted from ${queue}` : `deleted from ${queue}`],
          [not_found, `unknown among those of ${queue}`],
        ]),
    );
    if (refused) cli.output.say('nothing was deleted: this cannot be undone, so say --yes');
    return refused || not_found.length > 0 ? exitCodes.problem : exitCodes.done;
  });
}
