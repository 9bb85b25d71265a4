import type { Command } from 'commander';
import { tellCauses } from '../../dead-letter/group-letters.js';
import { spokenSelection } from '../../dead-letter/letter-filter.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { declareSelection, readSelection, type SelectionOptions } from '../dlq/filter-options.js';
import { exitCodes } from '../exit-code.js';

interface PurgeOptions extends SelectionOptions {
  readonly why: string;
  readonly yes?: true;
  readonly dryRun?: true;
}

export function declareDlqPurge(dlq: Command, act: Act): void {
  const command = dlq
    .command('purge')
    .summary('delete dead letters for good')
    .description('Deletes dead letters with their payload and history. It cannot be undone, so it needs --yes.');
  declareSelection(command)
    .option('--why <text>', 'why, for the audit stream', 'operator')
    .option('--yes', 'yes, delete them')
    .option('--dry-run', 'say what would be deleted, and delete nothing')
    .action(act(purgeLetters));
}

async function purgeLetters(cli: Cli, name: string, ids: string[], options: PurgeOptions): Promise<number> {
  const { selectLetters } = await import('../dlq/select-letters.js');
  const { deleteLetters } = await import('../dlq/delete-letters.js');
  const { renderCounts } = await import('../dlq/render-counts.js');
  const selection = readSelection(ids, options);
  return cli.withRedis(async (redis) => {
    const queue = await redis.requireQueue(name);
    const store = redis.deadLetters(queue);
    const { letters, notFound, groups, notes } = await selectLetters(store, selection);
    for (const note of notes) cli.output.say(note);
    const refused = !options.dryRun && !options.yes;
    if (options.dryRun || refused) {
      const wouldDelete = letters.map(({ deadId }) => deadId);
      cli.output.answer(
        { queue, deleted: [], wouldDelete, notFound, groups, dryRun: options.dryRun === true, refused },
        () =>
          renderCounts([
            [wouldDelete, `would be deleted from ${queue}`],
            [notFound, `unknown among those of ${queue}`],
          ]),
      );
      if (refused) cli.output.say('nothing was deleted: this cannot be undone, so say --yes');
      return refused || notFound.length > 0 ? exitCodes.problem : exitCodes.done;
    }
    if (letters.length > 0) {
      const { why } = options;
      const details = { which: spokenSelection(selection), causes: tellCauses(groups) };
      await redis.writeDown({ what: 'dead_letters.purge', queue, why, count: letters.length, details });
    }
    const { deleted, gone } = await deleteLetters(store, letters);
    const unknown = [...notFound, ...gone];
    cli.output.answer({ queue, deleted, notFound: unknown, dryRun: false, refused }, () =>
      renderCounts([
        [deleted, `deleted from ${queue}`],
        [unknown, `unknown among those of ${queue}`],
      ]),
    );
    return unknown.length > 0 ? exitCodes.problem : exitCodes.done;
  });
}
