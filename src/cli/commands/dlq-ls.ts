import type { Command } from 'commander';
import type { DeadLetter } from '../../dead-letter/record.js';
import type { Act } from '../action.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-code.js';
import { wholeNumber } from '../option-parsers.js';
import type { RedisSession } from '../redis-session.js';
import { shortened, spokenDuration } from '../wording.js';

interface ListOptions {
  readonly limit: number;
}

const messageShown = 60;

export function declareDlqLs(dlq: Command, act: Act): void {
  dlq
    .command('ls')
    .summary('dead letters, the newest first')
    .description(
      'Lists dead letters, the newest first: why each died and what its last error was. Equal fingerprints mean the same cause.',
    )
    .argument('[queue]', 'only those of this queue')
    .option('--limit <n>', 'show at most so many', wholeNumber(1, 1000), 20)
    .action(act(listLetters));
}

async function listLetters(cli: Cli, queue: string | undefined, { limit }: ListOptions): Promise<number> {
  const { renderTable } = await import('../table.js');
  const { total, letters } = await cli.withRedis((redis) => readLetters(redis, queue, limit));
  const { paint } = cli.output;
  cli.output.answer({ total, letters }, () => {
    if (total === 0) return 'no dead letters';
    const now = Date.now();
    const table = renderTable<DeadLetter>(
      [
        { title: 'ID', value: ({ deadId }) => deadId },
        { title: 'QUEUE', value: (letter) => letter.queue },
        { title: 'KIND', value: ({ kind }) => kind },
        { title: 'REASON', value: ({ reason }) => reason },
        {
          title: 'DIED',
          align: 'right',
          value: ({ diedAt }) => (diedAt > 0 ? `${spokenDuration(now - diedAt)} ago` : 'unknown'),
        },
        { title: 'FINGERPRINT', value: ({ error }) => error.fingerprint },
        { title: 'ERROR', value: ({ error }) => shortened(`${error.name}: ${error.message}`, messageShown) },
      ],
      letters,
      paint,
    );
    return letters.length < total ? `${table}\n\n${letters.length} of ${total}; --limit shows more` : table;
  });
  return exitCodes.done;
}

async function readLetters(redis: RedisSession, queue: string | undefined, limit: number) {
  const queues = queue === undefined ? await redis.queueNames() : [await redis.requireQueue(queue)];
  const stores = queues.map((name) => redis.deadLetters(name));
  const counts = await Promise.all(stores.map((store) => store.count()));
  const lists = await Promise.all(stores.map((store) => store.list(0, limit)));
  return {
    total: counts.reduce((sum, count) => sum + count, 0),
    letters: lists
      .flat()
      .sort((a, b) => b.diedAt - a.diedAt)
      .slice(0, limit),
  };
}
