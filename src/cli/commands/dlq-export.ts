import type { Command } from 'commander';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { declareFilter, type FilterOptions, readSelection } from '../dlq/filter-options.js';
import { exitCodes } from '../exit-code.js';
import { wholeNumber } from '../option-parsers.js';
import { UsageError } from '../usage-error.js';
import { counted } from '../wording.js';

const examples = `
Examples:
  bulwark dlq export email --reason poison > poison.jsonl
  bulwark dlq export > everything.jsonl && bulwark dlq purge email --all --yes

One JSON object a line, with all that \`bulwark dlq import\` needs to bring the letter back as it was.`;

export function declareDlqExport(dlq: Command, act: Act): void {
  const command = dlq
    .command('export')
    .summary('write dead letters as lines of JSON')
    .description('Writes dead letters to stdout, the oldest first, one JSON object a line. They stay where they are.')
    .argument('[queue]', 'only those of this queue')
    .argument('[id...]', 'ids in the dead-letter queue; default: all');
  declareFilter(command)
    .option(
      '--limit <n>',
      'the n oldest of each queue, of those that the filter lets through',
      wholeNumber(1, 10_000_000),
    )
    .addHelpText('after', examples)
    .action(act(exportQueues));
}

async function exportQueues(
  cli: Cli,
  name: string | undefined,
  ids: string[],
  options: FilterOptions,
): Promise<number> {
  const { exportLetters } = await import('../dlq/export-letters.js');
  const { LetterArchive } = await import('../../dead-letter/letter-archive.js');
  const { output } = cli;
  if (output.json) throw new UsageError('export writes JSON already, a line for each letter: leave --json out');
  const chosen = ids.length > 0 || Object.values(options).some((value) => value !== undefined);
  const selection = readSelection(ids, { ...options, ...(!chosen && { all: true }) });
  return cli.withRedis(async (redis) => {
    const archive = new LetterArchive(redis.client, redis.keyspace);
    const queues = name === undefined ? await redis.queueNames() : [await redis.requireQueue(name)];
    let written = 0;
    for (const queue of queues) {
      written += await exportLetters(redis.deadLetters(queue), archive, selection, (lines) => output.pour(lines));
    }
    output.say(`${counted(written, 'dead letter')} exported`);
    return exitCodes.done;
  });
}
