import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { counted } from '../wording.js';

interface ImportOptions {
  readonly why: string;
  readonly dryRun?: true;
}

export function declareDlqImport(dlq: Command, act: Act): void {
  dlq
    .command('import')
    .summary('bring back dead letters that were exported')
    .description(
      'Puts the letters of a file back among the dead ones, as they were. All lines are checked first: when one is wrong, nothing is imported. Nothing is overwritten: a letter whose id is there already, dead or live, is left out.',
    )
    .argument('<file>', 'what `dlq export` wrote')
    .option('--why <text>', 'why, for the audit stream', 'operator')
    .option('--dry-run', 'say what would be imported, and change nothing')
    .action(act(importFile));
}

async function importFile(cli: Cli, file: string, options: ImportOptions): Promise<number> {
  const dryRun = options.dryRun === true;
  const { checkLetters, importLetters } = await import('../dlq/import-letters.js');
  const { LetterArchive } = await import('../../dead-letter/letter-archive.js');
  const { startProgress } = await import('../enqueue/progress-bar.js');
  const queues = await checkLetters(file);
  const lines = [...queues.values()].reduce((sum, count) => sum + count, 0);
  return cli.withRedis(async (redis) => {
    for (const queue of queues.keys()) await redis.requireQueue(queue);
    if (!dryRun) {
      for (const [queue, count] of queues) {
        await redis.writeDown({ what: 'dead_letters.import', queue, why: options.why, count, details: { file } });
      }
    }
    const archive = new LetterArchive(redis.client, redis.keyspace);
    const progress = startProgress(cli.output, 'import', lines);
    const counts = await importLetters(
      file,
      (letter) => archive.put(letter, dryRun),
      (done) => progress.update(done),
    ).finally(() => progress.end());
    const { imported, dead, live } = counts;
    cli.output.answer({ file, lines, imported, skipped: { dead, live }, queues: [...queues.keys()], dryRun }, () =>
      [
        `${counted(imported, 'dead letter')} ${dryRun ? 'would be imported' : 'imported'}`,
        ...(dead > 0 ? [`${dead} left out: a dead letter with the same id is there`] : []),
        ...(live > 0 ? [`${live} left out: a job with the same id is in the queue`] : []),
      ].join('\n'),
    );
    return exitCodes.done;
  });
}
